/** @file The moments of samples, which can be kept instead of the samples. */
import type { Table } from "./table.ts";

/** Running moments over stochastic passes. */
export interface SampleMoments {
  readonly kind: "moments";
  /** The number of passes. */
  readonly count: number;
  /** The mean over passes, in the shape of one output. */
  readonly mean: Table<Float64Array>;
  /** The variance over passes (divided by `count`), in the shape of one output. */
  readonly variance: Table<Float64Array>;
  /**
   * The mean entropy of each row's predictions, in nats; `null` when outputs are not probabilities.
   */
  readonly expectedEntropy: Float64Array | null;
  /** The mean of each row's largest probability; `null` when outputs are not probabilities. */
  readonly expectedMax: Float64Array | null;
}

export const isMoments = (x: unknown): x is SampleMoments =>
  typeof x === "object" && x !== null && "kind" in x && x.kind === "moments";
