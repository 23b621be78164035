/** @file Shapes: their checks, and the number of elements. */
import { describe, inBrackets } from "./messages.ts";

/** The largest number of elements that a typed array can have. */
const MOST_ELEMENTS = 2 ** 32 - 1;

/** The shape of an array: its dimensions, or one number `n` for `[n]`. */
export type Shape = number | readonly number[];

/** The axes of a shape, as a tuple where the type has their number. */
export type AxesOf<S extends Shape> = S extends readonly number[] ? S : readonly [number];

/** A shape as it is written in messages: `[2, 3]`. */
export const formatShape: (shape: readonly number[]) => string = inBrackets;

/**
 * Returns the dimensions of `shape` as a new array.
 *
 * @param where - The function that the user called, for the message.
 * @throws TypeError when it is not a shape, RangeError when a dimension is not a non-negative
 * integer or when no array can have that many elements.
 */
export function dimensionsOf(where: string, shape: Shape): number[] {
  if (typeof shape !== "number" && !Array.isArray(shape))
    throw new TypeError(noShape(where, shape, "; the key comes first"));
  const dimensions = typeof shape === "number" ? [shape] : [...shape];
  for (const d of dimensions)
    if (!Number.isSafeInteger(d) || d < 0) throw new RangeError(noShape(where, dimensions));
  if (sizeOf(dimensions) > MOST_ELEMENTS) {
    throw new RangeError(
      `${where}: expected a shape of at most ${MOST_ELEMENTS} elements, got ${formatShape(dimensions)}. Draw in parts.`,
    );
  }
  return dimensions;
}

const noShape = (where: string, got: unknown, more = ""): string =>
  `${where}: expected a shape of non-negative integers, got ${describe(got)}. ` +
  `Give the size of each axis, such as [2, 3]${more}.`;

/** The number of elements in an array of these dimensions; 1 for `[]`. */
export function sizeOf(dimensions: readonly number[]): number {
  let size = 1;
  for (const d of dimensions) size *= d;
  return size;
}
