/** @file Keys and values of former positions. */
import { sizeOf } from "../axes.ts";
import { concat, slice, type Tensor, tensorOf, valuesOf } from "../tensor.ts";

/** The number in an int32 scalar. */
export const positionOf = (index: Tensor): number => valuesOf(index)[0] as number;

/** A cache `[...batch, length, heads, depth]` with one position replaced. */
export function writeAt(cache: Tensor, entry: Tensor, position: number): Tensor {
  const axis = cache.rank - 3;
  const length = cache.shape[axis] as number;
  const part = (from: number, count: number): Tensor =>
    slice(
      cache,
      cache.shape.map((_, i) => (i === axis ? from : 0)),
      cache.shape.map((n, i) => (i === axis ? count : n)),
    );
  const rest = length - position - 1;
  const pieces = [
    ...(position > 0 ? [part(0, position)] : []),
    entry,
    ...(rest > 0 ? [part(position + 1, rest)] : []),
  ];
  return pieces.length === 1 ? entry : concat(pieces, axis);
}

/** Bool, `[...batch, 1, 1, length]`: true up to the position. */
export function positionMask(batch: readonly number[], length: number, position: number): Tensor {
  const values = Array.from({ length: sizeOf(batch) * length }, (_, i) => Number(i % length <= position));
  return tensorOf(values, [...batch, 1, 1, length], "bool");
}
