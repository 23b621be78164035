/** @file Checks that layers share. */
import { NnxError } from "@nnxjs/nnx-core";
import { checkTensor, describe } from "@nnxjs/nnx-core/internal";
import { cast, type Tensor } from "@nnxjs/kernels/internal";

/** @throws NnxError unless `size` is a positive integer. */
export function checkSize(where: string, name: string, size: unknown): void {
  if (Number.isInteger(size) && (size as number) > 0) return;
  throw new NnxError(
    `${where}: expected ${name} to be a positive integer, got ${describe(size)}. Sizes come first.`,
  );
}

/** A number as a list, or a copy of a list. @throws NnxError for anything else. */
export function listOf(where: string, name: string, value: unknown): number[] {
  if (typeof value === "number") return [value];
  if (Array.isArray(value)) return [...(value as readonly number[])];
  throw new NnxError(
    `${where}: expected ${name} to be a number or a list of numbers, got ${describe(value)}. Write [2, 2] for two axes.`,
  );
}

/** @throws NnxError unless all sizes are positive integers. */
export function checkSizes(where: string, name: string, sizes: readonly number[]): void {
  for (const size of sizes) checkSize(where, `every size in ${name}`, size);
}

/** @throws NnxError unless `x` broadcasts to this shape; DisposedError for a disposed tensor. */
export function checkBroadcast(where: string, name: string, x: Tensor, shape: readonly number[]): void {
  checkTensor(where, name, x);
  const before = shape.length - x.rank;
  if (before >= 0 && x.shape.every((n, axis) => n === 1 || n === shape[before + axis])) return;
  throw new NnxError(
    `${where}: expected a ${name} that broadcasts to the shape ${shapeText(shape)}, got ${describe(x)}. Its axes count from the last.`,
  );
}

/** Formats a shape: `[2, 3]`. */
export const shapeText = (shape: readonly (number | string)[]): string => `[${shape.join(", ")}]`;

/** Returns `x`. @throws NnxError when it is not a tensor, DisposedError for a disposed one. */
export function live<T extends Tensor>(where: string, x: T): T {
  checkTensor(where, "x", x);
  return x;
}

/**
 * `x` as float32: like JAX, layers promote integers and booleans. Kernels of tensorflow.js would
 * return the dtype of the input (a softplus in whole numbers), and wasm's take only floats.
 * @throws as {@link live}.
 */
export function floats<T extends Tensor>(where: string, x: T): T {
  const { dtype } = live(where, x);
  return dtype === "int32" || dtype === "bool" ? cast<T>(x, "float32") : x;
}

/** @throws NnxError unless the last axis has this size; DisposedError for a disposed tensor. */
export function checkFeatures(where: string, x: Tensor, features: number, name = "x"): void {
  checkTensor(where, name, x);
  if (x.shape.at(-1) === features) return;
  throw new NnxError(
    `${where}: expected ${name === "x" ? "an input" : name} of shape [..., ${features}], got ${describe(x)}. ` +
      "Check which axis holds the features: it must be the last.",
  );
}
