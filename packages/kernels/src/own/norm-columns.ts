/** @file Normalisation where the rows of a matrix share means and variances, and its gradient. */
import { wasmRun } from "../wasm/call.ts";
import { normColumnsModule } from "../wasm/norm-columns.generated.ts";
import { normColumnsBackModule } from "../wasm/norm-columns-back.generated.ts";
import { joined, type WasmFunctions, type WasmModule } from "../wasm/module.ts";
import { expanded, flag, inBlocks, named, type NormRun, Pieces } from "./norm-parts.ts";
import type { NormAttrs } from "./norm-layout.ts";

type ColumnNames = typeof normColumnsModule extends WasmModule<infer F> ? F : never;
type BackNames = typeof normColumnsBackModule extends WasmModule<infer F> ? F : never;

const columnsAndBack: WasmModule<ColumnNames | BackNames> = /* @__PURE__ */ joined(
  normColumnsModule,
  normColumnsBackModule,
);

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

export const forwardColumns: NormRun = (backend, names, inputs, attrs, outputs) => {
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
};

export const backColumns: NormRun = (backend, names, inputs, attrs, outputs) => {
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
};
