/** @file Matrix products by WebAssembly, of operands that lie in memory in any order. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Output } from "../memory/access.ts";
import { sizeOf } from "../shape.ts";
import { canRun, type Places, wasmRun } from "./call.ts";
import type { WasmFunctions } from "./module.ts";
import { productModule } from "./product.generated.ts";

/** An axis along which products are independent, with its steps in elements. 0 repeats. */
export interface BatchAxis {
  readonly size: number;
  readonly a: number;
  readonly b: number;
  readonly out: number;
}

/** Bounds that a product's results are brought into. */
export type Clamps = "none" | "relu" | "relu6";

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

type Functions = WasmFunctions<"pack4" | "pack8" | "tiles">;

/** The most that is packed at a time: what stays in the second-level cache. */
const MOST = { rows: 128, inner: 512, columns: 512 };
/** Up to so many rows, packing b costs more than it saves. */
const FEW_ROWS = 12;
const WIDE = 8;
const HIGH = 4;
/** Bytes of one tile. */
const PART = 128;
const clampsNumber = { none: 0, relu: 1, relu6: 2 };

const upTo = (size: number, multiple: number): number => Math.ceil(size / multiple) * multiple;

/** Blocks of about equal size, each a multiple of `multiple` but the last, and none above `most`. */
const blockOf = (size: number, most: number, multiple: number): number =>
  upTo(size / Math.ceil(size / most), multiple);

/** Joins batch axes with the rows, and with each other, where one step leads through both. */
function joined(plan: ProductPlan): ProductPlan {
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
function eachMatrix(
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

/** The sizes of the blocks, and where in the scratch memory they are packed. */
function blocksOf({ rows, inner, columns, b }: ProductPlan): {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  /** Whether b is read where it is, but for the columns after the last multiple of 8. */
  readonly isDirect: boolean;
  readonly left: number;
  readonly right: number;
  readonly bias: number;
  readonly bytes: number;
} {
  const isDirect = rows <= FEW_ROWS && b.column === 1;
  const block = {
    rows: blockOf(rows, MOST.rows, HIGH),
    inner: blockOf(inner, MOST.inner, 1),
    columns: isDirect ? columns : blockOf(columns, MOST.columns, WIDE),
  };
  const left = PART;
  const right = left + 4 * upTo(block.rows, HIGH) * block.inner;
  const bias = right + 4 * block.inner * (isDirect ? WIDE : upTo(block.columns, WIDE));
  return { ...block, isDirect, left, right, bias, bytes: bias + 4 * upTo(columns, WIDE) };
}

type Pack = (at: number, count: number, length: number, step: number, along: number) => void;

/** Packs to one place, unless it has the same already: a batch may repeat an operand. */
function packOnce(pack: Functions["pack4"], to: number): Pack {
  let before = [Number.NaN, 0, 0];
  return (at, count, length, step, along) => {
    if (before[0] === at && before[1] === count && before[2] === length) return;
    pack(at, to, count, length, step, along);
    before = [at, count, length];
  };
}

/** Computes all products of a plan. */
function multiply(
  { pack4, pack8, tiles }: Functions,
  { inputs: [a0 = 0, b0 = 0], outputs: [out0 = 0], scratch }: Places,
  plan: ProductPlan,
  blocks: ReturnType<typeof blocksOf>,
  bias: number,
  clamps: Clamps,
): void {
  const { rows, inner, columns, a, b, outRow } = plan;
  const left = scratch + blocks.left;
  const right = scratch + blocks.right;
  const whole = columns - (columns % WIDE);
  const packLeft = packOnce(pack4, left);
  const packRight = packOnce(pack8, right);
  const tilesOf = (
    [at, panel, step]: readonly [number, number, number],
    length: number,
    out: number,
    high: number,
    wide: number,
    from: number,
    isFirst: boolean,
    isLast: boolean,
  ): void =>
    tiles(
      left,
      at,
      panel,
      step,
      length,
      out,
      4 * outRow,
      high,
      wide,
      isLast && bias !== 0 ? bias + 4 * from : 0,
      isFirst ? 0 : 1,
      isLast ? clampsNumber[clamps] : 0,
      scratch,
    );
  eachMatrix(plan.batch, (aOffset, bOffset, outOffset) => {
    for (let k = 0; k < inner; k += blocks.inner) {
      const length = Math.min(blocks.inner, inner - k);
      const isFirst = k === 0;
      const isLast = k + length === inner;
      for (let j = 0; j < columns; j += blocks.columns) {
        const wide = Math.min(blocks.columns, columns - j);
        const bAt = b0 + 4 * (bOffset + k * b.inner + j * b.column);
        if (blocks.isDirect) {
          if (whole < columns) packRight(bAt + 4 * whole, columns - whole, length, 4, 4 * b.inner);
        } else packRight(bAt, wide, length, 4 * b.column, 4 * b.inner);
        for (let i = 0; i < rows; i += blocks.rows) {
          const high = Math.min(blocks.rows, rows - i);
          const aAt = a0 + 4 * (aOffset + i * a.row + k * a.inner);
          packLeft(aAt, high, length, 4 * a.row, 4 * a.inner);
          const out = out0 + 4 * (outOffset + i * outRow + j);
          if (!blocks.isDirect) {
            tilesOf([right, 32 * length, 32], length, out, high, wide, j, isFirst, isLast);
            continue;
          }
          if (whole > 0) tilesOf([bAt, 32, 4 * b.inner], length, out, high, whole, 0, isFirst, isLast);
          if (whole === columns) continue;
          tilesOf([right, 0, 32], length, out + 4 * whole, high, columns - whole, whole, isFirst, isLast);
        }
      }
    }
  });
}

/** Whether products are computed here, on this backend. */
export const hasProducts = (backend: object): boolean => canRun(backend, productModule);

/**
 * The products of a plan, as one tensor.
 * @param shape - The shape of the result. The plan says where each element is.
 * @param bias - One number for each column.
 * @returns `undefined` where WebAssembly is out of reach, an operand is not float32, or there is
 * nothing to multiply.
 */
export function productByPlan(
  backend: object,
  a: TensorInfo,
  b: TensorInfo,
  plan: ProductPlan,
  shape: readonly number[],
  bias?: TensorInfo,
  clamps: Clamps = "none",
): TensorInfo | undefined {
  const inputs = bias ? [a, b, bias] : [a, b];
  if (inputs.some(({ dtype }) => dtype !== "float32")) return undefined;
  if (plan.inner === 0 || sizeOf(shape) === 0) return undefined;
  const output: Output = { shape, dtype: "float32" };
  const whole = joined(plan);
  const blocks = blocksOf(whole);
  const results = wasmRun(backend, {
    module: productModule,
    inputs,
    outputs: [output],
    scratch: blocks.bytes,
    run: (functions, places) => {
      let biasAt = 0;
      if (bias) {
        // A copy, because the last tile reads 8 numbers whether or not there are as many.
        biasAt = places.scratch + blocks.bias;
        functions.pack8(places.inputs[2]!, biasAt, whole.columns, 1, 4, 4);
      }
      multiply(functions, places, whole, blocks, biasAt, clamps);
    },
  });
  return results?.[0];
}
