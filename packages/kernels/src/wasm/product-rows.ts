/** @file Products of single rows, of which nothing is packed: one call for all matrices of a batch. */
import type { WasmFunctions } from "./module.ts";
import { innerBlock } from "./product-blocks.ts";
import { type Clamps, clampsNumber, eachMatrix, type ProductPlan } from "./product-plan.ts";

/** Up to so many rows, each is computed by itself. Tiles are for four at a time. */
const SINGLE_ROWS = 3;

/** Whether the rows of a plan are multiplied one by one. */
export const areSingleRows = ({ rows, b }: ProductPlan): boolean => rows <= SINGLE_ROWS && b.column === 1;

/**
 * Multiplies the rows of a plan.
 * @param at - The addresses of a, b, the bias and the result. That of a bias may be 0: there is none.
 * @param scratch - Memory for a row of the result.
 */
export function multiplyRows(
  rowsOf: WasmFunctions<"rows">["rows"],
  { rows, inner, columns, a, b, outRow, batch }: ProductPlan,
  [aAt, bAt, biasAt, outAt]: readonly [a: number, b: number, bias: number, out: number],
  clamps: Clamps,
  biasOf: "all" | "each",
  scratch: number,
): void {
  const last = rows === 1 ? batch.at(-1) : undefined;
  const along = last ?? { size: rows, a: a.row, b: 0, out: outRow };
  const eachBias = biasAt === 0 || biasOf === "all" ? 0 : 4 * columns;
  const most = innerBlock(inner);
  let bias = biasAt;
  eachMatrix(last ? batch.slice(0, -1) : batch, (x, y, to) => {
    for (let k = 0; k < inner; k += most) {
      const length = Math.min(most, inner - k);
      const isLast = k + length === inner;
      rowsOf(
        aAt + 4 * (x + k * a.inner),
        4 * a.inner,
        4 * along.a,
        bAt + 4 * (y + k * b.inner),
        4 * b.inner,
        4 * along.b,
        length,
        outAt + 4 * to,
        4 * along.out,
        columns,
        isLast ? bias : 0,
        last ? eachBias : 0,
        along.size,
        k === 0 ? 0 : 1,
        isLast ? clampsNumber[clamps] : 0,
        scratch,
      );
    }
    bias += last ? last.size * eachBias : eachBias;
  });
}
