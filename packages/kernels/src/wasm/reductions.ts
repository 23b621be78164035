/** @file Reductions along any axes, by WebAssembly and by loops, without transposing first. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { type Elements, elementsOf, free, isHeap, loop } from "../memory/access.ts";
import { type KernelCall, type Mend, mend } from "../mend.ts";
import { axesOf, keepDims, sizeOf } from "../shape.ts";
import { wasmRun } from "./call.ts";
import { extremaModule } from "./extrema.generated.ts";
import { sumModule } from "./sum.generated.ts";

/** `rows` elements, each a run of `inner` numbers, are joined; `outer` times. */
interface Pass {
  readonly outer: number;
  readonly rows: number;
  readonly inner: number;
}

/**
 * The passes that reduce these axes, last axes first. Each leaves what the next one reads.
 */
function passesOf(shape: readonly number[], axes: readonly number[]): Pass[] {
  const runs: { size: number; isReduced: boolean }[] = [];
  for (const [axis, size] of shape.entries()) {
    const isReduced = axes.includes(axis);
    const last = runs.at(-1);
    if (size === 1) continue;
    if (last?.isReduced === isReduced) last.size *= size;
    else runs.push({ size, isReduced });
  }
  const passes: Pass[] = [];
  let inner = 1;
  for (let i = runs.length - 1; i >= 0; i--) {
    const { size, isReduced } = runs[i]!;
    if (isReduced) passes.push({ outer: sizeOf(runs.slice(0, i).map((run) => run.size)), rows: size, inner });
    else inner *= size;
  }
  return passes;
}

interface ReduceAttrs {
  axis?: number | number[] | null;
  /** The name that `Max` has for `axis`. */
  reductionIndices?: number | number[] | null;
  keepDims?: boolean;
}

type RunPass = (backend: object, x: TensorInfo, pass: Pass, divisor: number) => TensorInfo | undefined;

/** At most so many rows are joined before they are joined to the others. */
const blockOf = (rows: number): number => Math.max(64, Math.ceil(Math.sqrt(rows)));

/** Sums of float32, divided by a number. */
const sumPass: RunPass = (backend, x, { outer, rows, inner }, divisor) =>
  wasmRun(backend, {
    module: sumModule,
    inputs: [x],
    outputs: [{ shape: [outer * inner], dtype: "float32" }],
    run: (functions, { inputs: [from = 0], outputs: [to = 0] }) => {
      if (inner === 1) {
        functions.rows(from, to, outer, rows, divisor);
        return;
      }
      functions.columns(from, to, outer, rows, inner, blockOf(rows));
      if (divisor !== 1) functions.divide(to, to, outer * inner, divisor);
    },
  })?.[0];

/** The sum of all elements of a float32 tensor. */
export function totalOf(backend: object, x: TensorInfo): number {
  const size = sizeOf(x.shape);
  const sum = size > 0 ? sumPass(backend, x, { outer: 1, rows: size, inner: 1 }, 1) : undefined;
  let total = 0;
  if (sum) {
    total = elementsOf(backend, sum)[0]!;
    free(backend, sum);
  } else for (const value of elementsOf(backend, x)) total += value;
  return total;
}

const extremum =
  (name: "max" | "min" | "prod"): RunPass =>
  (backend, x, { outer, rows, inner }) =>
    wasmRun(backend, {
      module: extremaModule,
      inputs: [x],
      outputs: [{ shape: [outer * inner], dtype: "float32" }],
      run: (functions, { inputs: [from = 0], outputs: [to = 0] }) => {
        if (inner === 1) functions[`${name}Rows`](from, to, outer, rows);
        else functions[`${name}Columns`](from, to, outer, rows, inner, blockOf(rows));
      },
    })?.[0];

type Call = KernelCall<"x", ReduceAttrs>;

/** The shape of what is left of these axes. */
const shapeOf = (shape: readonly number[], axes: readonly number[], keep = false): number[] =>
  keep ? keepDims(shape, axes) : shape.filter((_, axis) => !axes.includes(axis));

/** Runs all passes, and frees what is between them. */
function reduce(
  { inputs: { x }, attrs, backend }: Call,
  isMean: boolean,
  pass: RunPass,
): TensorInfo | undefined {
  if (x.dtype !== "float32" || sizeOf(x.shape) === 0) return undefined;
  const axes = axesOf(attrs.axis ?? attrs.reductionIndices, x.shape.length);
  const passes = passesOf(x.shape, axes);
  const divisor = isMean ? sizeOf(axes.map((axis) => x.shape[axis]!)) : 1;
  let values: TensorInfo | undefined = x;
  for (const [i, each] of passes.entries()) {
    const before: TensorInfo = values;
    values = pass(backend, before, each, i === passes.length - 1 ? divisor : 1);
    if (before !== x) free(backend, before);
    if (!values) return undefined;
  }
  return values === x ? undefined : { ...values, shape: shapeOf(x.shape, axes, attrs.keepDims) };
}

const byWasm = (kernelName: string, pass: RunPass): Mend =>
  mend<"x", ReduceAttrs>(
    kernelName,
    ["cpu", "wasm"],
    (call) => reduce(call, kernelName === "Mean", pass) ?? call.stock(),
  );

/** Computes one pass over values into `out`. */
type Loop = (x: Elements, out: Elements, pass: Pass) => void;

/** Whether all (`stop` 0) or any (`stop` 1) elements are true. */
const logical =
  (stop: 0 | 1): Loop =>
  (x, out, { outer, rows, inner }) => {
    out.fill(1 - stop);
    for (let o = 0, at = 0; o < outer; o++) {
      for (let row = 0; row < rows; row++) {
        for (let i = o * inner; i < (o + 1) * inner; i++) if (+(x[at++]! !== 0) === stop) out[i] = stop;
      }
    }
  };

/** Where the largest (`sign` 1) or the smallest (`sign` -1) element is, or the first NaN. */
const place =
  (sign: 1 | -1): Loop =>
  (x, out, { outer, rows, inner }) => {
    const best = new Float64Array(inner);
    for (let o = 0, at = 0; o < outer; o++) {
      const to = o * inner;
      for (let row = 0; row < rows; row++) {
        for (let i = 0; i < inner; i++) {
          const value = sign * x[at++]!;
          if (row === 0 || value > best[i]! || (Number.isNaN(value) && !Number.isNaN(best[i]))) {
            best[i] = value;
            out[to + i] = row;
          }
        }
      }
    }
  };

const byLoop = (kernelName: string, dtype: "bool" | "int32", run: Loop): Mend =>
  mend<"x", ReduceAttrs>(kernelName, ["cpu", "wasm"], ({ inputs: { x }, attrs, backend, stock }) => {
    const axes = axesOf(attrs.axis, x.shape.length);
    const passes = passesOf(x.shape, axes);
    const [only] = passes;
    const isKnown = x.dtype === "float32" || x.dtype === "int32" || x.dtype === "bool";
    if (!isKnown || sizeOf(x.shape) === 0 || passes.length !== 1 || !only) return stock();
    // tensorflow.js's own loop over last axes is as good on wasm, where nothing is NaN.
    if (isHeap(backend) && only.inner === 1) {
      if (x.dtype !== "float32" || !Number.isNaN(totalOf(backend, x))) return stock();
    }
    const shape = shapeOf(x.shape, axes, attrs.keepDims);
    return loop(backend, [x], { shape, dtype }, ([values], out) => run(values!, out, only));
  });

/** Quicker kernels for reductions. */
export const reductions: readonly Mend[] = [
  byWasm("Sum", sumPass),
  byWasm("Mean", sumPass),
  byWasm("Max", extremum("max")),
  byWasm("Min", extremum("min")),
  byWasm("Prod", extremum("prod")),
  byLoop("All", "bool", logical(0)),
  byLoop("Any", "bool", logical(1)),
];

/** Kernels that are right for NaN, too. */
export const placeMends: readonly Mend[] = [
  byLoop("ArgMax", "int32", place(1)),
  byLoop("ArgMin", "int32", place(-1)),
];
