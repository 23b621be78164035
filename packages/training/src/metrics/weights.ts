/** @file Values with their masks, as numbers to add up. */
import { broadcastTo, cast, mul, scalar, type Tensor } from "@nnxjs/kernels/internal";
import { NnxError } from "@nnxjs/nnx-core";
import { checkTensor, describe, nearestName } from "@nnxjs/nnx-core/internal";

/** A mask: 0 or `false` leaves a value out, other numbers weigh it. */
export type Mask = Tensor | null | undefined;

/**
 * The argument of this name.
 * @throws NnxError when it is not there.
 */
export function argumentOf(where: string, updates: unknown, name: string): unknown {
  const isObject = typeof updates === "object" && updates !== null;
  const value: unknown = isObject ? Reflect.get(updates, name) : undefined;
  if (value !== undefined && value !== null) return value;
  const near = isObject ? nearestName(name, Object.keys(updates)) : undefined;
  throw new NnxError(
    `${where}: expected an object with ${name}, got ${describe(updates)}. ` +
      (near === undefined || near === name
        ? `Pass it by name: { ${name}: … }.`
        : `Pass ${near} by the name ${name}.`),
  );
}

/** @throws NnxError unless it is a tensor of numbers or booleans. */
export function checkNumbers(where: string, name: string, value: unknown): asserts value is Tensor {
  checkTensor(where, name, value);
  if (["float32", "int32", "bool"].includes(value.dtype)) return;
  throw new NnxError(
    `${where}: expected ${name} of numbers or booleans, got ${describe(value)}. Cast it: tf.cast(x, "float32").`,
  );
}

/** The tensor of this name, as it was passed. */
export function tensorArgument(where: string, updates: object, name: string): Tensor {
  const value = argumentOf(where, updates, name);
  checkNumbers(where, name, value);
  return value;
}

/** The mask among the updates, if there is one. */
export function maskOf(where: string, updates: object): Tensor | undefined {
  const mask: unknown = Reflect.get(updates, "mask");
  if (mask === undefined || mask === null) return undefined;
  checkNumbers(where, "mask", mask);
  return mask;
}

/**
 * The shape that two shapes broadcast to.
 * @throws NnxError when they do not.
 */
function jointShape(where: string, values: Tensor, mask: Tensor): number[] {
  const rank = Math.max(values.rank, mask.rank);
  const sizeAt = (x: Tensor, axis: number): number => x.shape[x.rank - rank + axis] ?? 1;
  return Array.from({ length: rank }, (_, axis) => {
    const [a, b] = [sizeAt(values, axis), sizeAt(mask, axis)];
    if (a === b || b === 1) return a;
    if (a === 1) return b;
    throw new NnxError(
      `${where}: expected a mask that broadcasts to ${describe(values)}, got ${describe(mask)}. ` +
        "Give it the shape of the values, or axes of size 1.",
    );
  });
}

/** Values and their weights in one shape, float32. */
export interface Weighted {
  readonly values: Tensor;
  readonly weights: Tensor;
}

/** Values with the mask as weights, both in the shape that they broadcast to. */
export function weighted(where: string, values: Tensor, mask: Tensor): Weighted {
  const shape = jointShape(where, values, mask);
  return { values: spread(values, shape), weights: spread(mask, shape) };
}

function spread(x: Tensor, shape: number[]): Tensor {
  const numbers = cast(x, "float32");
  return x.shape.join() === shape.join() ? numbers : broadcastTo(numbers, shape);
}

/** Each value times its weight: NaN stays NaN, also where the mask leaves it out, as in Flax. */
export const products = ({ values, weights }: Weighted): Tensor => mul(values, weights);

/** A number as float32[]. */
export const asScalar = (x: number): Tensor => scalar(x, "float32");
