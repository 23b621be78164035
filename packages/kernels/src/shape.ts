/** @file Shapes as lists of numbers. */
import type { TensorInfo } from "@tensorflow/tfjs-core";

/** The number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (let axis = 0; axis < shape.length; axis++) size *= shape[axis]!;
  return size;
}

/** Whether two shapes are equal. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/** The same data in another shape, of as many elements. */
export const withShape = (info: TensorInfo, shape: readonly number[]): TensorInfo => ({
  ...info,
  shape: [...shape],
});

/** The sizes of all axes before one, of that axis, and of all axes after it. */
export const aroundAxis = (shape: readonly number[], axis: number): [number, number, number] => [
  sizeOf(shape.slice(0, axis)),
  shape[axis]!,
  sizeOf(shape.slice(axis + 1)),
];

/** `shape` with a 1 at each of `axes`. */
export const keepDims = (shape: readonly number[], axes: readonly number[]): number[] =>
  shape.map((size, axis) => (axes.includes(axis) ? 1 : size));

/**
 * The axes in an `axis` attribute (a number, a list, or null for all), without negative numbers.
 */
export function axesOf(axis: number | readonly number[] | null | undefined, rank: number): number[] {
  if (axis === null || axis === undefined) return Array.from({ length: rank }, (_, i) => i);
  const list = typeof axis === "number" ? [axis] : axis;
  return list.map((a) => axisOf(a, rank));
}

/** The axis in an `axis` attribute, which may count from the end. */
export const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** The least multiple that is no less than a size. */
export const upTo = (size: number, multiple: number): number => Math.ceil(size / multiple) * multiple;
