/** @file What losses ask of their arguments. */
import { NnxError } from "@nnxjs/nnx-core";
import { checkTensor, describe } from "@nnxjs/nnx-core/internal";
import { normalizeAxes, type OptionCheck, shapeText } from "@nnxjs/layers/internal";
import type { Axes } from "@nnxjs/layers";
import { cast, isTensor, sameShape, sizeOf, type Tensor } from "@nnxjs/kernels/internal";

/** @throws NnxError unless it is a tensor of floats; DisposedError for one that was disposed. */
export function checkFloats(where: string, name: string, x: unknown): void {
  checkTensor(where, name, x);
  if (x.dtype === "float32") return;
  throw new NnxError(
    `${where}: expected float32 ${name}, got ${describe(x)}. Cast whole numbers: tf.cast(x, "float32").`,
  );
}

/** Numbers and bools as float32. @throws NnxError for what is no tensor of them. */
export function floatsOf<T extends Tensor>(where: string, name: string, x: T): T {
  checkTensor(where, name, x);
  if (x.dtype === "float32") return x;
  if (x.dtype === "int32" || x.dtype === "bool") return cast<T>(x, "float32");
  throw new NnxError(`${where}: expected ${name} to hold numbers, got ${describe(x)}. Cast it to float32.`);
}

/** @throws NnxError unless both have one shape. */
export function checkSameShape(where: string, names: readonly [string, string], a: Tensor, b: Tensor): void {
  if (sameShape(a.shape, b.shape)) return;
  throw new NnxError(
    `${where}: expected ${names[0]} and ${names[1]} of one shape, got ${describe(a)} and ${describe(b)}. ` +
      "Reshape one of them: a loss of broadcast shapes is nearly always a mistake.",
  );
}

/** The shape that two tensors broadcast to. @throws NnxError where they do not. */
export function broadcastShape(
  where: string,
  names: readonly [string, string],
  a: Tensor,
  b: Tensor,
): number[] {
  const rank = Math.max(a.rank, b.rank);
  return Array.from({ length: rank }, (_, i) => {
    const n = a.shape[i - rank + a.rank] ?? 1;
    const m = b.shape[i - rank + b.rank] ?? 1;
    if (n === m || m === 1) return n;
    if (n === 1) return m;
    throw new NnxError(
      `${where}: expected ${names[0]} and ${names[1]} that broadcast, got ${describe(a)} and ${describe(b)}. ` +
        `The sizes ${shapeText([n, m])} of one axis differ; axes count from the last.`,
    );
  });
}

/**
 * The shape that predictions and targets broadcast to, which is that of one of them: `[n, 1]` and
 * `[n]` would compare each with all.
 * @throws NnxError where it is not.
 */
export function comparedShape(
  where: string,
  names: readonly [string, string],
  a: Tensor,
  b: Tensor,
): number[] {
  const shape = broadcastShape(where, names, a, b);
  const size = sizeOf(shape);
  if (size <= a.size || size <= b.size) return shape;
  throw new NnxError(
    `${where}: expected ${names[0]} and ${names[1]} of one shape, or one that broadcasts to the other's, got ` +
      `${describe(a)} and ${describe(b)}. Reshape one of them: each would be compared with all, in the shape ${shapeText(shape)}.`,
  );
}

/** @throws NnxError unless a tensor has so many axes. */
export function checkRank(where: string, name: string, x: Tensor, rank: number): void {
  if (x.rank === rank) return;
  throw new NnxError(`${where}: expected ${name} with ${rank} axes, got ${describe(x)}. Reshape it.`);
}

/** @throws NnxError for a scalar: there are no classes in it. */
export function checkHasAxes(where: string, name: string, x: Tensor): void {
  if (x.rank > 0) return;
  throw new NnxError(
    `${where}: expected ${name} of shape [..., classes], got ${describe(x)}. The last axis holds the classes.`,
  );
}

/** Axes from the start; `null` is all of them. */
export const axesFrom = (where: string, axis: Axes | null, rank: number): number[] =>
  axis === null ? Array.from({ length: rank }, (_, i) => i) : normalizeAxes(where, axis, rank);

/** An option that is a finite number, or a tensor of numbers. */
export const numeric: OptionCheck = (where, name, value) => {
  if (Number.isFinite(value)) return;
  if (isTensor(value)) return checkFloats(where, name, value);
  throw new NnxError(
    `${where}: expected ${name} to be a finite number or a tensor, got ${describe(value)}. Leave it out for the default.`,
  );
};
