/** @file Normalisation by mean and variance, and its gradient, as kernels. */
import type { KernelConfig, TensorInfo } from "@tensorflow/tfjs-core";
import { loops, type Output } from "../memory/access.ts";
import { sizeOf } from "../shape.ts";
import { wasmRun } from "../wasm/call.ts";
import { normColumnsModule } from "../wasm/norm-columns.generated.ts";
import { normColumnsBackModule } from "../wasm/norm-columns-back.generated.ts";
import { normRowsModule } from "../wasm/norm-rows.generated.ts";
import { joined, type WasmFunctions, type WasmModule } from "../wasm/module.ts";
import type { NormLayout } from "./norm-layout.ts";
import { normalizeBackLoop, normalizeLoop } from "./norm-loops.ts";

/** The names of the kernels in the registry. */
export const normKernelNames = { normalize: "NnxNormalize", normalizeBack: "NnxNormalizeBack" } as const;

/** Attributes of these kernels. */
export interface NormAttrs extends NormLayout {
  readonly epsilon: number;
  /** If false, the mean counts as 0. */
  readonly usesMean: boolean;
  /** Whether the variance is `E[x²] - E[x]²`, at least 0, instead of `E[(x - E[x])²]`. */
  readonly isFast: boolean;
  /** Whether scale and bias have numbers for the groups alone. */
  readonly byGroup: boolean;
  /** Whether means and variances are results, too. No gradient flows from them. */
  readonly withMoments: boolean;
}

type Inputs = Readonly<Record<string, TensorInfo | undefined>>;
type RowFunctions = typeof normRowsModule extends WasmModule<infer F> ? WasmFunctions<F> : never;
type ColumnNames = typeof normColumnsModule extends WasmModule<infer F> ? F : never;
type BackNames = typeof normColumnsBackModule extends WasmModule<infer F> ? F : never;

const columnsAndBack: WasmModule<ColumnNames | BackNames> = /* @__PURE__ */ joined(
  normColumnsModule,
  normColumnsBackModule,
);

/** Pieces of the scratch memory, each with room for `count` numbers. */
class Pieces {
  readonly bytes: number;
  readonly #step: number;

  constructor(number: number, count: number) {
    this.#step = (4 * count + 63) & -64;
    this.bytes = number * this.#step;
  }

  at(scratch: number, number: number): number {
    return scratch + number * this.#step;
  }
}

type Vectors = Pick<RowFunctions, "fill" | "spread">;

/**
 * The address of a vector with a number for each group and place: the given one, or one that is
 * written to `to`.
 */
function expanded(
  functions: Vectors,
  given: number | undefined,
  { groups, size, byGroup }: NormAttrs,
  to: number,
  otherwise: number,
): number {
  if (given === undefined) functions.fill(to, groups * size, otherwise);
  else if (byGroup) functions.spread(given, to, groups, size);
  else return given;
  return to;
}

/** The addresses of x, scale and bias among those of the inputs. */
function named(
  inputs: readonly number[],
  names: readonly string[],
): Readonly<Record<string, number | undefined>> {
  return Object.fromEntries(names.map((name, i) => [name, inputs[i]]));
}

const flag = Number;
/** What is known of one row. */
const KNOWN_BYTES = 64;

function forwardRows(
  backend: object,
  names: readonly string[],
  inputs: readonly TensorInfo[],
  attrs: NormAttrs,
  outputs: readonly Output[],
): TensorInfo[] | undefined {
  const { outer, groups, size, epsilon, usesMean, isFast, withMoments } = attrs;
  const rows = outer * groups;
  const pieces = new Pieces(2, groups * size);
  const moments = new Pieces(withMoments ? 0 : 2, rows);
  return wasmRun(backend, {
    module: normRowsModule,
    inputs,
    outputs,
    scratch: KNOWN_BYTES + pieces.bytes + moments.bytes,
    run: (functions, { inputs: from, outputs: to, scratch: known }) => {
      const { x = 0, scale, bias } = named(from, names);
      const scratch = known + KNOWN_BYTES;
      const own = scratch + pieces.bytes;
      functions.rows(
        x,
        expanded(functions, scale, attrs, pieces.at(scratch, 0), 1),
        expanded(functions, bias, attrs, pieces.at(scratch, 1), 0),
        to[0]!,
        to[1] ?? moments.at(own, 0),
        to[2] ?? moments.at(own, 1),
        known,
        rows,
        size,
        groups,
        flag(usesMean),
        flag(isFast),
        epsilon,
      );
    },
  });
}

/** At most so many rows are summed before they are added to the others. */
const blockOf = (rows: number): number => Math.max(64, Math.ceil(Math.sqrt(rows)));

/** Calls `part` with blocks of rows, and whether a block is not the first. */
function inBlocks(rows: number, part: (from: number, count: number, adds: number) => void): void {
  const block = blockOf(rows);
  for (let from = 0; from < rows; from += block) part(from, Math.min(block, rows - from), flag(from > 0));
}

type ColumnFunctions = WasmFunctions<ColumnNames>;

/** Where the sums of columns and groups are. */
interface Sums {
  readonly first: number;
  readonly second: number;
  readonly ofGroups: number;
  readonly ofGroups2: number;
}

/** Sums of runs of `size` numbers, or the numbers themselves. */
function summed(functions: ColumnFunctions, from: number, to: number, { groups, size }: NormAttrs): number {
  if (size === 1) return from;
  functions.sumRuns(from, to, groups, size);
  return to;
}

/** Each number `size` times, or the numbers themselves. */
function repeated(functions: ColumnFunctions, from: number, to: number, { groups, size }: NormAttrs): number {
  if (size === 1) return from;
  functions.spread(from, to, groups, size);
  return to;
}

/** Writes the means and variances of the groups of one matrix. */
function momentsOfColumns(
  functions: ColumnFunctions,
  x: number,
  attrs: NormAttrs,
  { first, second, ofGroups, ofGroups2 }: Sums,
  mean: number,
  variance: number,
): void {
  const { rows, groups, size, usesMean, isFast } = attrs;
  const columns = groups * size;
  const number = rows * size;
  const at = (row: number): number => x + 4 * row * columns;
  inBlocks(rows, (from, count, adds) => functions.sums(at(from), first, second, count, columns, adds));
  const sums = summed(functions, first, ofGroups, attrs);
  if (usesMean && !isFast) {
    functions.divide(sums, mean, groups, number);
    const means = repeated(functions, mean, first, attrs);
    inBlocks(rows, (from, count, adds) => functions.squares(at(from), means, second, count, columns, adds));
    functions.divide(summed(functions, second, ofGroups2, attrs), variance, groups, number);
    return;
  }
  const squares = summed(functions, second, ofGroups2, attrs);
  if (usesMean) functions.moments(sums, squares, mean, variance, groups, number);
  else {
    functions.fill(mean, groups, 0);
    functions.divide(squares, variance, groups, number);
  }
}

function forwardColumns(
  backend: object,
  names: readonly string[],
  inputs: readonly TensorInfo[],
  attrs: NormAttrs,
  outputs: readonly Output[],
): TensorInfo[] | undefined {
  const { outer, rows, groups, size, epsilon } = attrs;
  const columns = groups * size;
  const pieces = new Pieces(11, columns);
  return wasmRun(backend, {
    module: normColumnsModule,
    inputs,
    outputs,
    scratch: pieces.bytes,
    run: (functions, { inputs: from, outputs: to, scratch }) => {
      const { x = 0, scale, bias } = named(from, names);
      const at = (number: number): number => pieces.at(scratch, number);
      const scales = expanded(functions, scale, attrs, at(0), 1);
      const offsets = expanded(functions, bias, attrs, at(1), 0);
      const sums = { first: at(2), second: at(3), ofGroups: at(4), ofGroups2: at(5) };
      for (let o = 0; o < outer; o++) {
        const matrix = 4 * o * rows * columns;
        const mean = to[1] === undefined ? at(6) : to[1] + 4 * o * groups;
        const variance = to[2] === undefined ? at(7) : to[2] + 4 * o * groups;
        momentsOfColumns(functions, x + matrix, attrs, sums, mean, variance);
        const means = repeated(functions, mean, at(8), attrs);
        functions.factors(repeated(functions, variance, at(9), attrs), scales, at(10), columns, epsilon);
        functions.apply(x + matrix, means, at(10), offsets, to[0]! + matrix, rows, columns);
      }
    },
  });
}

function backRows(
  backend: object,
  names: readonly string[],
  inputs: readonly TensorInfo[],
  attrs: NormAttrs,
  outputs: readonly Output[],
): TensorInfo[] | undefined {
  const { outer, groups, size, epsilon, usesMean, isFast, byGroup } = attrs;
  const columns = groups * size;
  const pieces = new Pieces(5, columns);
  return wasmRun(backend, {
    module: normRowsModule,
    inputs,
    outputs,
    scratch: pieces.bytes + KNOWN_BYTES,
    run: (functions, { inputs: from, outputs: to, scratch }) => {
      const { x = 0, dy = 0, scale } = named(from, names);
      const at = (number: number): number => pieces.at(scratch, number);
      const scales = expanded(functions, scale, attrs, at(0), 1);
      const [dScale, dBias] = byGroup ? [at(1), at(2)] : [to[1]!, to[2]!];
      const rows = outer * groups;
      // Whole periods of scale and bias; each block has sums of its own, which are added up.
      const block = groups * Math.ceil(blockOf(rows) / groups);
      for (let first = 0; first < rows; first += block) {
        const begin = 4 * first * size;
        const [ofScale, ofBias] = first === 0 ? [dScale, dBias] : [at(3), at(4)];
        functions.fill(ofScale, columns, 0);
        functions.fill(ofBias, columns, 0);
        functions.rowsBack(
          x + begin,
          dy + begin,
          scales,
          to[0]! + begin,
          ofScale,
          ofBias,
          at(5),
          Math.min(block, rows - first),
          size,
          groups,
          flag(usesMean),
          flag(isFast),
          epsilon,
        );
        if (first === 0) continue;
        functions.plus(dScale, ofScale, dScale, columns);
        functions.plus(dBias, ofBias, dBias, columns);
      }
      if (!byGroup) return;
      functions.sumRuns(dScale, to[1]!, groups, size);
      functions.sumRuns(dBias, to[2]!, groups, size);
    },
  });
}

function backColumns(
  backend: object,
  names: readonly string[],
  inputs: readonly TensorInfo[],
  attrs: NormAttrs,
  outputs: readonly Output[],
): TensorInfo[] | undefined {
  const { outer, rows, groups, size, epsilon, usesMean, byGroup } = attrs;
  const columns = groups * size;
  const number = rows * size;
  const pieces = new Pieces(19, columns);
  return wasmRun(backend, {
    module: columnsAndBack,
    inputs,
    outputs,
    scratch: pieces.bytes,
    run: (functions, { inputs: from, outputs: to, scratch }) => {
      const { x = 0, dy = 0, scale } = named(from, names);
      const at = (number: number): number => pieces.at(scratch, number);
      const scales = expanded(functions, scale, attrs, at(0), 1);
      const [dScale, dBias] = byGroup ? [at(1), at(2)] : [to[1]!, to[2]!];
      functions.fill(dScale, columns, 0);
      functions.fill(dBias, columns, 0);
      const sums = { first: at(3), second: at(4), ofGroups: at(5), ofGroups2: at(6) };
      for (let o = 0; o < outer; o++) {
        const matrix = 4 * o * rows * columns;
        momentsOfColumns(functions, x + matrix, attrs, sums, at(7), at(8));
        const means = repeated(functions, at(7), at(9), attrs);
        const variances = repeated(functions, at(8), at(10), attrs);
        const [slopes, centred] = [at(11), at(12)];
        inBlocks(rows, (first, count, adds) => {
          const begin = matrix + 4 * first * columns;
          functions.slopes(x + begin, dy + begin, means, slopes, centred, count, columns, adds);
        });
        functions.gather(dScale, dBias, slopes, centred, variances, dScale, dBias, columns, epsilon);
        functions.scaled(slopes, centred, scales, at(13), at(14), columns);
        let [ofGroups, ofGroups2] = [at(13), at(14)];
        if (size > 1) {
          functions.sumRuns(at(13), at(5), groups, size);
          functions.sumRuns(at(14), at(6), groups, size);
          [ofGroups, ofGroups2] = [at(3), at(4)];
          functions.spread(at(5), ofGroups, groups, size);
          functions.spread(at(6), ofGroups2, groups, size);
        }
        const [factor, p, q] = [at(15), at(16), at(17)];
        functions.factorsBack(
          variances,
          scales,
          ofGroups,
          ofGroups2,
          factor,
          p,
          q,
          columns,
          epsilon,
          number,
          flag(usesMean),
        );
        functions.applyBack(x + matrix, dy + matrix, means, factor, p, q, to[0]! + matrix, rows, columns);
      }
      if (!byGroup) return;
      functions.sumRuns(dScale, to[1]!, groups, size);
      functions.sumRuns(dBias, to[2]!, groups, size);
    },
  });
}

/** The inputs that are there, with their names. */
function present(given: Inputs, names: readonly string[]): { names: string[]; inputs: TensorInfo[] } {
  const there = names.filter((name) => given[name] != null);
  return { names: there, inputs: there.map((name) => given[name]!) };
}

const isQuick = (inputs: readonly TensorInfo[]): boolean =>
  inputs.every(({ dtype, shape }) => dtype === "float32" && sizeOf(shape) > 0);

const float = (shape: readonly number[]): Output => ({ shape, dtype: "float32" });

function normalize(backend: object, given: Inputs, attrs: NormAttrs): TensorInfo[] {
  const { names, inputs } = present(given, ["x", "scale", "bias"]);
  const { outer, rows, groups, withMoments } = attrs;
  const moments = float([outer * groups]);
  const outputs = [float(inputs[0]!.shape), ...(withMoments ? [moments, moments] : [])];
  const run = rows === 1 ? forwardRows : forwardColumns;
  const results = isQuick(inputs) ? run(backend, names, inputs, attrs, outputs) : undefined;
  return (
    results ??
    loops(backend, inputs, outputs, (values, [y, means, variances]) => {
      const of = (name: string) => values[names.indexOf(name)];
      normalizeLoop(values[0]!, of("scale"), of("bias"), attrs, y!, means, variances);
    })
  );
}

function normalizeBack(backend: object, given: Inputs, attrs: NormAttrs): TensorInfo[] {
  const { names, inputs } = present(given, ["x", "dy", "scale"]);
  const { rows, groups, size, byGroup } = attrs;
  const vector = float([byGroup ? groups : groups * size]);
  const outputs = [float(inputs[0]!.shape), vector, vector];
  const run = rows === 1 ? backRows : backColumns;
  const results = isQuick(inputs) ? run(backend, names, inputs, attrs, outputs) : undefined;
  return (
    results ??
    loops(backend, inputs, outputs, (values, [dx, dScale, dBias]) =>
      normalizeBackLoop(values[0]!, values[1]!, values[2], attrs, dx!, dScale!, dBias!),
    )
  );
}

const kernel = (
  kernelName: string,
  run: (backend: object, inputs: Inputs, attrs: NormAttrs) => TensorInfo[],
): KernelConfig[] =>
  ["cpu", "wasm"].map((backendName) => ({
    kernelName,
    backendName,
    kernelFunc: ({ inputs, backend, attrs }) => run(backend, inputs, attrs as unknown as NormAttrs),
  }));

/** The kernels to register on cpu and wasm. */
export const normKernels = (): readonly KernelConfig[] => [
  ...kernel(normKernelNames.normalize, normalize),
  ...kernel(normKernelNames.normalizeBack, normalizeBack),
];
