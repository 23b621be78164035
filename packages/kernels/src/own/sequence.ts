/** @file Where the values of sequences are, for kernels that go through all steps. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { gateGradientsModule } from "../wasm/gate-gradients.generated.ts";
import { gatesModule } from "../wasm/gates.generated.ts";
import type { WasmFunctions, WasmModule } from "../wasm/module.ts";
import { stepsModule } from "../wasm/steps.generated.ts";
import type { SequenceAttrs } from "./recurrent-names.ts";

/** Rows of an array: the address of the first, and the bytes from one to the next. */
export interface Rows {
  readonly at: number;
  readonly step: number;
}

type Name = NonNullable<(typeof gatesModule | typeof gateGradientsModule | typeof stepsModule)["functions"]>;

/** The modules that the kernels call. */
export const recurrentModules: readonly WasmModule<Name>[] = [gatesModule, gateGradientsModule, stepsModule];

/** Their functions. */
export type Functions = WasmFunctions<Name>;

const FLOAT = 4;

/** The bytes of a packed matrix. */
export const packedBytes = (rows: number, columns: number): number =>
  Math.ceil(columns / 8) * 8 * rows * FLOAT;

/** Packs `columns` columns of a matrix `[rows, width]`, from the column `first` on. */
export const pack = (
  functions: Functions,
  matrix: number,
  to: number,
  rows: number,
  width: number,
  columns: number,
  first = 0,
): void => functions.pack(matrix + first * FLOAT, width * FLOAT, FLOAT, to, rows, columns);

/** Packs the transpose of a matrix `[rows, columns]`. */
export const packTransposed = (
  functions: Functions,
  matrix: number,
  to: number,
  rows: number,
  columns: number,
): void => functions.pack(matrix, FLOAT, columns * FLOAT, to, columns, rows);

/** The steps of a batch of sequences, and the calls on them. */
export class Sequence {
  readonly batch: number;
  readonly steps: number;
  readonly hidden: number;
  readonly #timeMajor: boolean;
  readonly #reverse: boolean;

  /** @param x - `[batch, steps, …]` or `[steps, batch, …]`. */
  constructor(x: TensorInfo, hidden: number, { timeMajor, reverse }: SequenceAttrs) {
    const [first = 0, second = 0] = x.shape;
    [this.batch, this.steps] = timeMajor ? [second, first] : [first, second];
    this.hidden = hidden;
    this.#timeMajor = timeMajor;
    this.#reverse = reverse;
  }

  /** The shape of an array with `parts * hidden` features for each step. */
  shape(parts: number): number[] {
    const { batch, steps } = this;
    return [...(this.#timeMajor ? [steps, batch] : [batch, steps]), parts * this.hidden];
  }

  /** The positions of the steps, in the order of the cell. */
  order(): number[] {
    return Array.from({ length: this.steps }, (_, i) => (this.#reverse ? this.steps - 1 - i : i));
  }

  /** The rows of the batch at one step of an array of {@link shape}. */
  at(start: number, parts: number, step: number): Rows {
    const row = parts * this.hidden * FLOAT;
    return this.#timeMajor
      ? { at: start + step * this.batch * row, step: row }
      : { at: start + step * row, step: this.steps * row };
  }

  /** The rows of an array `[batch, hidden]`. */
  rows(start: number): Rows {
    return { at: start, step: this.hidden * FLOAT };
  }

  /** The same part of every row. */
  part({ at, step }: Rows, index: number): Rows {
    return { at: at + index * this.hidden * FLOAT, step };
  }

  /** `to = from + a @ b` with a packed b; without `from`, `to = a @ b`. */
  product(
    functions: Functions,
    a: Rows,
    b: number,
    from: Rows | null,
    to: Rows,
    inner: number,
    columns: number,
  ): void {
    const { at: fromAt, step: fromStep } = from ?? { at: 0, step: 0 };
    functions.product(a.at, a.step, b, fromAt, fromStep, to.at, to.step, this.batch, inner, columns);
  }

  /** Writes zeros: the product of matrices without columns and rows. */
  clear(functions: Functions, to: Rows): void {
    this.product(functions, to, 0, null, to, 0, this.hidden);
  }

  /** Calls a function of gates on all rows. */
  each(run: (...parameters: number[]) => void, parts: readonly Rows[], length: number = this.hidden): void {
    run(...parts.map(({ at }) => at), ...parts.map(({ step }) => step), length, this.batch);
  }
}
