/** @file Sums and orders, computed in XLA's sequence. */

const BLOCK = 16;

/**
 * Sums of the first 1, 2, … values in float32, with the roundings of XLA on the CPU. Within blocks
 * of 16 the values are added one after the other. Then each block adds the sum of all earlier
 * blocks, which is found in the same way.
 * @see `jax.numpy.cumsum`, XLA's reduce-window rewriter
 */
export function cumulativeSum(x: Float32Array): Float32Array {
  const out = x.slice();
  if (x.length > BLOCK) {
    const blocks = Math.ceil(x.length / BLOCK);
    const totals = Float32Array.from({ length: blocks }, (_, b) => sum(x, b * BLOCK, (b + 1) * BLOCK));
    const earlier = cumulativeSum(totals);
    for (let i = BLOCK; i < x.length; i++) {
      out[i] = sum(x, i - (i % BLOCK), i + 1) + earlier[Math.floor(i / BLOCK) - 1]!;
    }
  }
  for (let i = 1; i < Math.min(BLOCK, x.length); i++) out[i]! += out[i - 1]!;
  return out;
}

/**
 * Sums of the last 1, 2, … values, the longest first. Like {@link cumulativeSum}, with each sum
 * taken from left to right.
 */
export function cumulativeSumFromEnd(x: Float32Array): Float32Array {
  const blocks = Math.ceil(x.length / BLOCK);
  const totals = Float32Array.from({ length: blocks }, (_, b) => sum(x, b * BLOCK, (b + 1) * BLOCK));
  const later = blocks > 1 ? cumulativeSumFromEnd(totals) : totals;
  return x.map((_, i) => {
    const block = Math.floor(i / BLOCK);
    return sum(x, i, (block + 1) * BLOCK) + (block + 1 < blocks ? later[block + 1]! : 0);
  });
}

/** The sum of `x[begin] … x[end - 1]` in float32, from left to right. */
function sum(x: Float32Array, begin: number, end: number): number {
  let total = 0;
  for (let i = begin; i < Math.min(end, x.length); i++) total = Math.fround(total + x[i]!);
  return total;
}

/**
 * The indices of the `k` largest values, largest first. Of equal values the first comes first. NaN
 * counts as largest.
 */
export function largest(x: Float32Array, k: number): Int32Array {
  const order = Int32Array.from(x, (_, i) => i);
  order.sort((i, j) => compareDown(x[i]!, x[j]!) || i - j);
  return order.subarray(0, k);
}

function compareDown(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(b)) - Number(Number.isNaN(a));
  return a > b ? -1 : Number(a < b);
}
