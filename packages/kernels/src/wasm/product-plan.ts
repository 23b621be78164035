/** @file What a matrix product is, whose operands lie in memory in any order. */

/** An axis along which products are independent, with its steps in elements. 0 repeats. */
export interface BatchAxis {
  readonly size: number;
  readonly a: number;
  readonly b: number;
  readonly out: number;
}

/** `out[…, i, j] = Σ a[…, i, k] b[…, k, j] + bias[j]`. All steps are in elements. */
export interface ProductPlan {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  /** Steps of a from row to row, and along the sum. */
  readonly a: { readonly row: number; readonly inner: number };
  /** Steps of b along the sum, and from column to column. */
  readonly b: { readonly inner: number; readonly column: number };
  /** The step of the result from row to row. Its columns are neighbours. */
  readonly outRow: number;
  readonly batch: readonly BatchAxis[];
}

/** Bounds that a product's results are brought into. */
export type Clamps = "none" | "relu" | "relu6";

/** What the kernels call them. */
export const clampsNumber: Readonly<Record<Clamps, number>> = { none: 0, relu: 1, relu6: 2 };

/** The kernels that bring values into the same bounds, to the bit. */
export const clampKernels: ReadonlyMap<Clamps, string> = new Map([
  ["relu", "Relu"],
  ["relu6", "Relu6"],
]);

/** Joins batch axes with the rows, and with each other, where one step leads through both. */
export function joined(plan: ProductPlan): ProductPlan {
  if (plan.batch.length === 0) return plan;
  const axes: BatchAxis[] = [];
  for (const axis of plan.batch) {
    const last = axes.at(-1);
    if (axis.size === 1) continue;
    const isOne =
      last !== undefined &&
      last.a === axis.a * axis.size &&
      last.b === axis.b * axis.size &&
      last.out === axis.out * axis.size;
    if (isOne) axes[axes.length - 1] = { ...axis, size: last.size * axis.size };
    else axes.push(axis);
  }
  const { rows, a, outRow } = plan;
  const last = axes.at(-1);
  if (last?.b === 0 && last.a === rows * a.row && last.out === rows * outRow) {
    return { ...plan, rows: rows * last.size, batch: axes.slice(0, -1) };
  }
  return { ...plan, batch: axes };
}

/** Calls `each` with the offsets of every matrix, in elements. */
export function eachMatrix(
  batch: readonly BatchAxis[],
  each: (a: number, b: number, out: number) => void,
  depth = 0,
  a = 0,
  b = 0,
  out = 0,
): void {
  const axis = batch[depth];
  if (!axis) {
    each(a, b, out);
    return;
  }
  for (let i = 0; i < axis.size; i++) {
    eachMatrix(batch, each, depth + 1, a + i * axis.a, b + i * axis.b, out + i * axis.out);
  }
}
