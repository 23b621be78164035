/** @file Arguments of functions along axes, in which a mask says what counts. */
import { checkTensor } from "@nnxjs/nnx-core/internal";
import { broadcastTo, cast, scalar, sizeOf, type Tensor, where as select } from "@nnxjs/kernels/internal";
import { checkBroadcast, floats } from "../checks.ts";
import { type OptionChecks, orNull } from "../options.ts";

/** A mask, or null for none. */
export const maskOrNull: OptionChecks<{ where: Tensor | null }>["where"] = orNull(checkTensor);

/** Checks the arguments of a function with a mask. Returns x as float32. */
export function checkMasked<T extends Tensor>(where: string, x: T, mask: Tensor | null | undefined): T {
  checkTensor(where, "x", x);
  if (mask) checkBroadcast(where, "where", mask, x.shape);
  return floats(where, x);
}

/** What the elements are that do not count. */
export const NEGATIVE_INFINITY: number = Number.NEGATIVE_INFINITY;

/** x with `-Infinity` where the mask is false. */
export const masked = (x: Tensor, mask: Tensor | null): Tensor =>
  mask ? select(broadcastTo(cast(mask, "bool"), x.shape), x, scalar(NEGATIVE_INFINITY)) : x;

/** How many elements each row of these axes has; `undefined` unless they are the last ones. */
export const lengthOfRows = (shape: readonly number[], axes: readonly number[]): number | undefined =>
  axes.length > 0 && axes.length === shape.length - axes[0]!
    ? sizeOf(axes.map((axis) => shape[axis]!))
    : undefined;
