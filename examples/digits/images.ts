/** @file Images of digits, and how they are split. Nothing here needs Node. */
import * as tf from "@tensorflow/tfjs-core";

/** Images as rows of 64 pixels in [0, 1], with their labels. */
export interface Images {
  readonly pixels: Float32Array;
  readonly labels: Int32Array;
  readonly count: number;
}

export interface Digits {
  readonly train: Images;
  /** The held-out images of 0-7. */
  readonly known: Images;
  /** Digits 8 and 9. */
  readonly unseen: Images;
}

export const PIXELS = 64;
const HELD_OUT = 400;
export const CLASSES = 8;

const toImages = (rows: readonly (readonly number[])[]): Images => ({
  pixels: Float32Array.from(rows.flatMap((row) => row.slice(0, PIXELS).map((value) => value / 16))),
  labels: Int32Array.from(rows.map((row) => row[PIXELS] as number)),
  count: rows.length,
});

/**
 * Holds out every third image of 0-7 until there are 400, so that both parts have images of every
 * writer. 8 and 9 are never in the training data.
 * @param text - `data/digits.csv`: 64 pixels in [0, 16] and a label in each line
 */
export function digitsFrom(text: string): Digits {
  const rows = text
    .trim()
    .split("\n")
    .map((line) => line.split(",").map(Number));
  const seen = rows.filter((row) => (row[PIXELS] as number) < CLASSES);
  const isHeldOut = (i: number): boolean => i % 3 === 2 && i < 3 * HELD_OUT;
  return {
    train: toImages(seen.filter((_, i) => !isHeldOut(i))),
    known: toImages(seen.filter((_, i) => isHeldOut(i))),
    unseen: toImages(rows.filter((row) => (row[PIXELS] as number) >= CLASSES)),
  };
}

/** The first of them. */
export const first = ({ pixels, labels }: Images, count: number): Images => ({
  pixels: pixels.subarray(0, count * PIXELS),
  labels: labels.subarray(0, count),
  count,
});

/** What batches are made of. */
export const examplesOf = ({ pixels, labels, count }: Images) => ({
  x: { data: pixels, shape: [count, PIXELS] as [number, number] },
  labels,
});

export const pixelsOf = ({ pixels, count }: Images): tf.Tensor2D => tf.tensor2d(pixels, [count, PIXELS]);
