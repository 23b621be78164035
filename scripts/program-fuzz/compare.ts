/** @file Compares the numbers of two ways to run a random program. */
import type * as tf from "@tensorflow/tfjs-core";

/** The place of the first number that differs by more than `within` of it, or of 1; -1 where none does. */
export function firstOther(found: ArrayLike<number>, wanted: ArrayLike<number>, within: number): number {
  for (let i = 0; i < Math.max(found.length, wanted.length); i++) {
    const [x, y] = [found[i] ?? undefined, wanted[i] ?? undefined];
    const isSame =
      Object.is(x, y) ||
      (x !== undefined && y !== undefined && Math.abs(x - y) <= within * Math.max(1, Math.abs(y)));
    if (!isSame) return i;
  }
  return -1;
}

/** The first result that differs, in words; nothing where none does. */
export function difference(
  actual: readonly tf.Tensor[],
  expected: readonly tf.Tensor[],
  within: number,
): string | undefined {
  for (const [k, wanted] of expected.entries()) {
    const found = actual[k];
    const [is, should] = [found, wanted].map((x) => (x ? `${x.dtype}[${x.shape.join()}]` : "missing"));
    if (!found || is !== should) return `result ${k} is ${is}, expected ${should}`;
    const [values, others] = [found.dataSync(), wanted.dataSync()];
    const at = firstOther(values, others, within);
    if (at >= 0) return `result ${k} has ${values[at]} at ${at}, expected ${others[at]}`;
  }
  return undefined;
}
