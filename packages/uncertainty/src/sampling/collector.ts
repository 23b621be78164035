/** @file Collects the outputs of passes: all of them, or their running moments. */
import { NnxError } from "@nnxjs/nnx-core";
import { entropyOf } from "../measures/entropy.ts";
import type { SampleMoments } from "../measures/moments.ts";
import { probabilitiesOf, type Table } from "../measures/table.ts";
import { argmaxOf } from "../measures/zero-one.ts";

/** The kind of output that a model has: see {@link SampleOptions.outputs}. */
export type Outputs = "values" | "logits" | "probabilities";

/** The outputs of all passes. */
export interface Samples extends Table<Float32Array> {
  readonly kind: "samples";
  /** The number of passes. */
  readonly count: number;
  /** `[count, ...output]` */
  readonly shape: readonly number[];
}

/**
 * Receives outputs block by block: one pass after another, and within a pass from the first row to
 * the last.
 */
export interface Collector<R> {
  /** @param offset - Where the block begins in the output of its pass. */
  add(pass: number, offset: number, block: Float32Array): void;
  finish(shape: readonly number[]): R;
}

/** Softmax of each row of `classes` values. Returns a new array; the input is not changed. */
function softmaxRows(logits: ArrayLike<number>, classes: number): Float32Array {
  const result = new Float32Array(logits.length);
  for (let from = 0; from < logits.length; from += classes) {
    let most = Number.NEGATIVE_INFINITY;
    for (let i = from; i < from + classes; i++) most = Math.max(most, logits[i] as number);
    let sum = 0;
    for (let i = from; i < from + classes; i++) sum += Math.exp((logits[i] as number) - most);
    for (let i = from; i < from + classes; i++) result[i] = Math.exp((logits[i] as number) - most) / sum;
  }
  return result;
}

/**
 * Turns an output into the numbers to collect: probabilities or values.
 * @throws NnxError when the output cannot be what `outputs` says.
 */
export function interpret(
  where: string,
  outputs: Outputs,
  values: Float32Array,
  shape: readonly number[],
): Float32Array {
  if (outputs === "values") return values;
  if (outputs === "probabilities") {
    probabilitiesOf(where, { data: values, shape }, { rank: 1, axes: "..., classes" });
    return values;
  }
  const classes = shape.at(-1) ?? 1;
  if (classes >= 2) return softmaxRows(values, classes);
  throw new NnxError(
    `${where}: expected logits of at least two classes on the last axis, got an output of shape [${shape.join(", ")}]. ` +
      'For a binary model with one logit z, have the model (or `call`) return [0, z], or pass { outputs: "values" }.',
  );
}

/** Keeps everything: `count` outputs of `size` numbers. */
export function collectAll(count: number, size: number): Collector<Samples> {
  const data = new Float32Array(count * size);
  return {
    add: (pass, offset, block) => data.set(block, pass * size + offset),
    finish: (shape) => ({ kind: "samples", count, shape: [count, ...shape], data }),
  };
}

/**
 * Keeps running moments (Welford's recurrence, in double precision). The memory does not depend on
 * the number of passes.
 */
export function collectMoments(
  count: number,
  size: number,
  classes: number | null,
): Collector<SampleMoments> {
  const mean = new Float64Array(size);
  const squares = new Float64Array(size);
  const rows = classes === null ? 0 : size / classes;
  const entropies = new Float64Array(rows);
  const largest = new Float64Array(rows);
  return {
    add(pass, offset, block) {
      const n = pass + 1;
      for (let i = 0; i < block.length; i++) {
        const value = block[i] as number;
        const at = offset + i;
        const difference = value - (mean[at] as number);
        const next = (mean[at] as number) + difference / n;
        mean[at] = next;
        squares[at] = (squares[at] as number) + difference * (value - next);
      }
      if (classes === null) return;
      for (let from = 0; from < block.length; from += classes) {
        const row = (offset + from) / classes;
        const most = block[from + argmaxOf(block, from, classes)] as number;
        entropies[row] =
          (entropies[row] as number) + (entropyOf(block, from, classes) - (entropies[row] as number)) / n;
        largest[row] = (largest[row] as number) + (most - (largest[row] as number)) / n;
      }
    },
    finish: (shape) => ({
      kind: "moments",
      count,
      mean: { data: mean, shape },
      variance: { data: squares.map((sum) => sum / count), shape },
      expectedEntropy: classes === null ? null : entropies,
      expectedMax: classes === null ? null : largest,
    }),
  };
}
