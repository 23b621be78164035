/** @file Cuts arrays other than tensors along an axis, and puts them together again. */
import { sizeOf } from "../tensor.ts";
import type { ArrayLike } from "./array-like.ts";

/** An array of words, such as an array of keys. */
export interface WordArray extends ArrayLike {
  /** The part at an index along the first axis. */
  at(index: number): WordArray;
}

/**
 * What an array of words offers under `arrayAxes`, so that this package need not know its class. It
 * is little, because programs that need nothing but keys have it, too.
 */
interface Words {
  /** A copy of the words, as many for each element. */
  of(array: WordArray): Uint32Array;
  /** An array of words that nobody else has. */
  from(shape: readonly number[], words: Uint32Array): WordArray;
}

/** The name under which an array offers {@link Words}. Keys of random numbers do. */
const arrayAxes: unique symbol = Symbol.for("@nnxjs/nnx-core.arrayAxes") as never;

const wordsOf = (array: ArrayLike): Words | undefined =>
  (array as { readonly [arrayAxes]?: Words })[arrayAxes];

/** Whether an array can be cut and stacked. */
export const hasAxes = (array: ArrayLike): array is WordArray => wordsOf(array) !== undefined;

/** The part of `array` at an index along an axis that is not negative, without that axis. */
export function sliceArray(array: WordArray, axis: number, index: number): ArrayLike {
  if (axis === 0) return array.at(index);
  const { shape } = array;
  const all = wordsOf(array)!;
  const words = all.of(array);
  const inner = (words.length / sizeOf(shape)) * sizeOf(shape.slice(axis + 1));
  return all.from(
    [...shape.slice(0, axis), ...shape.slice(axis + 1)],
    words.filter((_, i) => Math.floor(i / inner) % shape[axis]! === index),
  );
}

/** Arrays of one shape along a new axis. */
export function stackArrays(arrays: readonly WordArray[], axis: number): ArrayLike {
  const [{ shape }] = arrays as readonly [WordArray];
  const all = wordsOf(arrays[0]!)!;
  const parts = arrays.map((each) => all.of(each));
  const outer = sizeOf(shape.slice(0, axis));
  const inner = parts[0]!.length / outer;
  const words = new Uint32Array(parts.length * parts[0]!.length);
  for (let block = 0; block < outer; block++) {
    for (const [i, part] of parts.entries()) {
      const from = part.subarray(block * inner, (block + 1) * inner);
      words.set(from, (block * parts.length + i) * inner);
    }
  }
  return all.from([...shape.slice(0, axis), parts.length, ...shape.slice(axis)], words);
}
