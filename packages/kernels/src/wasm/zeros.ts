/** @file Products that leave out products with zeros, where there are many: see `leaveOutZeros`. */
import { upTo } from "../shape.ts";
import { sparseModule } from "./sparse.generated.ts";
import type { ZeroPlaces, Zeros } from "./product-blocks.ts";

/** Multiply-adds, rows and columns from which looking for zeros costs little. */
const LEAST = { work: 2 ** 21, rows: 16, columns: 64 };
const LINE = 64;
/** Sums of one call. */
const SUMS = 4 * LINE;

/** See `list` in scripts/kernels-wasm/sparse-kernel.ts. Whole lines. */
const listBytes = (rows: number, length: number): number =>
  upTo(48 + 4 * rows + 6 * (rows + 1) * length, LINE);

/** What `leaveOutZeros` takes. */
export const zeros: Zeros = {
  module: sparseModule,
  placesOf: (whole, { rows, inner, columns }, from): ZeroPlaces | undefined => {
    if (whole.rows < LEAST.rows || whole.columns < LEAST.columns) return undefined;
    if (whole.rows * whole.inner * whole.columns < LEAST.work) return undefined;
    const right = from + listBytes(rows, inner);
    const done = right + listBytes(columns, inner);
    const part = done + LINE;
    return { left: from, right, done, part, end: part + LINE * inner + SUMS };
  },
};
