/** @file Shapes: how many elements an array has, and what is refused. */

/** The shape of an array: its dimensions, or one number `n` for `[n]`. */
export type Shape = number | readonly number[];

/** A shape as it is written in messages: `[2, 3]`. */
export const formatShape = (shape: readonly number[]): string => `[${shape.join(", ")}]`;

/**
 * The dimensions of `shape` as a new array.
 *
 * @param where - Name of the function that was called, for the message.
 * @throws RangeError when a dimension is not a non-negative integer.
 */
export function dimensionsOf(where: string, shape: Shape): number[] {
  const dimensions = typeof shape === "number" ? [shape] : [...shape];
  for (let i = 0; i < dimensions.length; i++) {
    const d = dimensions[i]!;
    if (!Number.isSafeInteger(d) || d < 0) {
      throw new RangeError(
        `${where}: expected a shape of non-negative integers, got ${formatShape(dimensions)}. ` +
          "Give the size of each axis, such as [2, 3].",
      );
    }
  }
  return dimensions;
}

/** The number of elements in an array of these dimensions; 1 for `[]`. */
export function sizeOf(dimensions: readonly number[]): number {
  let size = 1;
  for (const d of dimensions) size *= d;
  return size;
}
