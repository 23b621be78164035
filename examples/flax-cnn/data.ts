/** @file The digits of examples/digits, as images: every fifth is held out. */
import { readFileSync } from "node:fs";

/** Images of 8 × 8 pixels in [0, 1] with one channel, and their labels. */
export interface Images {
  readonly image: { readonly data: Float32Array; readonly shape: [number, 8, 8, 1] };
  readonly label: Int32Array;
}

const imagesOf = (rows: readonly (readonly number[])[]): Images => ({
  image: {
    data: Float32Array.from(rows.flatMap((row) => row.slice(0, 64).map((value) => value / 16))),
    shape: [rows.length, 8, 8, 1],
  },
  label: Int32Array.from(rows, (row) => row[64] as number),
});

/** Reads the file, and splits it. */
export function loadDigits(): { readonly train: Images; readonly test: Images } {
  const text = readFileSync(new URL("../digits/data/digits.csv", import.meta.url), "utf8");
  const rows = text
    .trim()
    .split("\n")
    .map((line) => line.split(",").map(Number));
  return {
    train: imagesOf(rows.filter((_, i) => i % 5 !== 4)),
    test: imagesOf(rows.filter((_, i) => i % 5 === 4)),
  };
}
