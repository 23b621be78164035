/** @file Matrix products by WebAssembly, of operands that lie in memory in any order. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Output } from "../memory/access.ts";
import { sizeOf } from "../shape.ts";
import { canRun, wasmRun } from "./call.ts";
import type { WasmFunctions } from "./module.ts";
import { productModule } from "./product.generated.ts";
import { productRowsModule } from "./product-rows.generated.ts";
import { type Blocks, blocksOf, WIDE, type ZeroPlaces } from "./product-blocks.ts";
import { type Clamps, clampsNumber, eachMatrix, joined, type ProductPlan } from "./product-plan.ts";
import { areSingleRows, multiplyRows } from "./product-rows.ts";

/**
 * Multiply-adds per matrix from which a batch is quicker here than in tensorflow.js's scalar loop:
 * each matrix costs a few calls.
 */
export const LEAST_WORK = 256;

type Functions = WasmFunctions<"pack4" | "pack8" | "tiles"> & Partial<WasmFunctions<"sparse">>;

/** The computation of one plan, at its places in memory. */
class Multiplication {
  readonly #functions: Functions;
  readonly #plan: ProductPlan;
  readonly #blocks: Blocks;
  readonly #scratch: number;
  readonly #bias: number;
  readonly #clamps: number;
  /** What is packed already. It is the same for the next matrix of a batch that repeats an operand. */
  #left = Number.NaN;
  #leftRows = 0;
  #right = Number.NaN;
  /** 1 if what is packed of a was not looked at for zeros, and 2 if that of b was not. */
  #isNew = 0;

  constructor(
    functions: Functions,
    plan: ProductPlan,
    blocks: Blocks,
    scratch: number,
    bias: number,
    clamps: Clamps,
  ) {
    this.#functions = functions;
    this.#plan = plan;
    this.#blocks = blocks;
    this.#scratch = scratch;
    this.#bias = bias;
    this.#clamps = clampsNumber[clamps];
  }

  /** Multiplies two matrices that begin at these addresses. */
  multiply(a: number, b: number, out: number): void {
    const { rows, inner, columns } = this.#plan;
    const blocks = this.#blocks;
    const { a: ofA, b: ofB, outRow } = this.#plan;
    const hasParts = blocks.inner < inner;
    for (let k = 0; k < inner; k += blocks.inner) {
      const length = Math.min(blocks.inner, inner - k);
      if (hasParts) this.#left = this.#right = Number.NaN;
      for (let j = 0; j < columns; j += blocks.columns) {
        const bAt = b + 4 * (k * ofB.inner + j * ofB.column);
        const wide = Math.min(blocks.columns, columns - j);
        if (!blocks.isDirect) this.#packRight(bAt, wide, length);
        for (let i = 0; i < rows; i += blocks.rows) {
          const high = Math.min(blocks.rows, rows - i);
          const aAt = a + 4 * (i * ofA.row + k * ofA.inner);
          const to = out + 4 * (i * outRow + j);
          if (blocks.isDirect) {
            this.#direct(aAt, bAt, to, high, k, length);
            continue;
          }
          this.#packLeft(aAt, high, length);
          if (blocks.without) this.#withoutZeros(blocks.without, to, high, wide, j, k, length);
          this.#tiles(this.#scratch + blocks.right, 32 * length, 32, to, high, wide, j, k, length);
        }
      }
    }
  }

  #packLeft(at: number, high: number, length: number): void {
    if (at === this.#left && high === this.#leftRows) return;
    const { row, inner } = this.#plan.a;
    this.#functions.pack4(at, this.#scratch + this.#blocks.left, high, length, 4 * row, 4 * inner);
    this.#left = at;
    this.#leftRows = high;
    this.#isNew |= 1;
  }

  #packRight(at: number, wide: number, length: number): void {
    if (at === this.#right) return;
    const { column, inner } = this.#plan.b;
    this.#functions.pack8(at, this.#scratch + this.#blocks.right, wide, length, 4 * column, 4 * inner);
    this.#right = at;
    this.#isNew |= 2;
  }

  /** Does what is quicker without products with zeros. The tiles are the rest of it. */
  #withoutZeros(
    { left, right, part, done }: ZeroPlaces,
    out: number,
    high: number,
    wide: number,
    column: number,
    k: number,
    length: number,
  ): void {
    const scratch = this.#scratch;
    this.#functions.sparse!(
      scratch + this.#blocks.left,
      scratch + this.#blocks.right,
      length,
      out,
      4 * this.#plan.outRow,
      high,
      wide,
      ...this.#ends(column, k, length),
      scratch + left,
      scratch + right,
      this.#isNew,
      scratch + part,
      scratch + done,
    );
    this.#isNew = 0;
  }

  /** The bias of these columns, whether there are sums of products before k, and the bounds. */
  #ends(column: number, k: number, length: number): [bias: number, adds: number, clamps: number] {
    const isLast = k + length === this.#plan.inner;
    const bias = isLast && this.#bias !== 0 ? this.#bias + 4 * column : 0;
    return [bias, k === 0 ? 0 : 1, isLast ? this.#clamps : 0];
  }

  /** All columns, of which only those after the last multiple of 8 are packed. */
  #direct(a: number, b: number, out: number, high: number, k: number, length: number): void {
    const { columns } = this.#plan;
    const whole = columns - (columns % WIDE);
    this.#packLeft(a, high, length);
    if (whole > 0) this.#tiles(b, 32, 4 * this.#plan.b.inner, out, high, whole, 0, k, length);
    if (whole === columns) return;
    this.#packRight(b + 4 * whole, columns - whole, length);
    const right = this.#scratch + this.#blocks.right;
    this.#tiles(right, 0, 32, out + 4 * whole, high, columns - whole, whole, k, length);
  }

  #tiles(
    b: number,
    panel: number,
    step: number,
    out: number,
    high: number,
    wide: number,
    column: number,
    k: number,
    length: number,
  ): void {
    const { without } = this.#blocks;
    this.#functions.tiles(
      this.#scratch + this.#blocks.left,
      b,
      panel,
      step,
      length,
      out,
      4 * this.#plan.outRow,
      high,
      wide,
      ...this.#ends(column, k, length),
      this.#scratch,
      without ? this.#scratch + without.done : 0,
    );
  }
}

/** Whether products are computed here, on this backend. */
export const hasProducts = (backend: object): boolean => canRun(backend, productModule);

/**
 * The products of a plan, as one tensor.
 * @param shape - The shape of the result. The plan says where each element is.
 * @param bias - One number for each column; `biasOf` says of each matrix of a batch of one axis.
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
  biasOf: "all" | "each" = "all",
): TensorInfo | undefined {
  const inputs = bias ? [a, b, bias] : [a, b];
  if (inputs.some(({ dtype }) => dtype !== "float32")) return undefined;
  if (plan.inner === 0 || sizeOf(shape) === 0) return undefined;
  const outputs: readonly Output[] = [{ shape, dtype: "float32" }];
  const whole = joined(plan);
  if (areSingleRows(whole)) {
    return wasmRun(backend, {
      module: productRowsModule,
      inputs,
      outputs,
      scratch: 4 * whole.columns,
      run: ({ rows }, { inputs: from, outputs: to, scratch }) => {
        multiplyRows(rows, whole, [from[0]!, from[1]!, from[2] ?? 0, to[0]!], clamps, biasOf, scratch);
      },
    })?.[0];
  }
  const blocks = blocksOf(whole);
  const results = wasmRun(backend, {
    module: blocks.modules,
    inputs,
    outputs,
    scratch: blocks.bytes,
    run: (functions, places) => {
      const [a0 = 0, b0 = 0, bias0 = 0] = places.inputs;
      const biasAt = bias ? places.scratch + blocks.bias : 0;
      // A copy, because the last tile reads 8 numbers whether or not there are as many.
      const packBias = (from: number): void => functions.pack8(from, biasAt, whole.columns, 1, 4, 4);
      if (bias) packBias(bias0);
      const out0 = places.outputs[0]!;
      const work = new Multiplication(functions, whole, blocks, places.scratch, biasAt, clamps);
      let matrix = 0;
      eachMatrix(whole.batch, (x, y, to) => {
        if (bias && biasOf === "each" && matrix > 0) packBias(bias0 + 4 * matrix * whole.columns);
        work.multiply(a0 + 4 * x, b0 + 4 * y, out0 + 4 * to);
        matrix++;
      });
    },
  });
  return results?.[0];
}
