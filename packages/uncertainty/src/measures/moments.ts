/** @file What is kept of samples when they are not kept themselves. */
import type { Table } from "./table.ts";

/** Running moments over stochastic passes. */
export interface SampleMoments {
  readonly kind: "moments";
  /** How many passes. */
  readonly count: number;
  /** Mean over passes, of the shape of one output. */
  readonly mean: Table<Float64Array>;
  /** Variance over passes (divided by `count`), of the shape of one output. */
  readonly variance: Table<Float64Array>;
  /** Mean entropy in nats of each row's prediction; `null` when outputs are not probabilities. */
  readonly expectedEntropy: Float64Array | null;
  /** Mean of each row's largest probability; `null` when outputs are not probabilities. */
  readonly expectedMax: Float64Array | null;
}

export const isMoments = (x: unknown): x is SampleMoments =>
  typeof x === "object" && x !== null && "kind" in x && x.kind === "moments";
