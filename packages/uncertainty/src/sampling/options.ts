/** @file What sampling can be told. */
import type { Tensor } from "@nnxjs/kernels/internal";
import type { PRNGKey } from "@nnxjs/rnglib";
import type { Outputs } from "./collector.ts";

/** A model that is called with one tensor. */
export interface Callable<X extends Tensor = Tensor> {
  forward(x: X): Tensor;
}

/** How far a sampling is. */
export interface SampleProgress {
  /** Passes that are done. */
  readonly done: number;
  /** Passes in all. */
  readonly total: number;
}

/** How the model is called: `model.forward(x)` unless this says otherwise. Models whose `forward` returns something else need it. */
export type CallOption<M, X extends Tensor> =
  M extends Callable<X> ? { call?: (model: M, x: X) => Tensor } : { call: (model: M, x: X) => Tensor };

/** What all ways of sampling can be told. */
export interface CollectOptions {
  /**
   * What the model puts out. `"logits"`: softmax over the last axis is applied to each pass. `"probabilities"`: rows that are checked to be
   * some. `"values"`: anything, such as a regression's. @defaultValue "values"
   */
  outputs?: Outputs;
  /**
   * What is kept. `"samples"`: everything, `[n, ...output]`. `"moments"`: running mean, variance and, of probabilities, entropy; memory
   * does not grow with `n`. @defaultValue "samples"
   */
  keep?: "samples" | "moments";
  /** How many rows of the input go through the model at a time; the result does not depend on it. @defaultValue all */
  batchSize?: number;
  /** Called after each pass. What it throws ends the sampling. */
  onProgress?: (progress: SampleProgress) => void;
  /** An `AbortSignal`: ends the sampling before the next batch, with the signal's reason. */
  signal?: { throwIfAborted(): void };
}

/** Options of `sample`. */
export interface SampleOptions extends CollectOptions {
  /** A single key: what all masks are drawn from. */
  key: PRNGKey;
}

/** Options of `sampleAsync`. */
export interface SampleAsyncOptions extends SampleOptions {
  /** How long to compute before a page gets to breathe, in milliseconds. @defaultValue 12, less than a frame */
  sliceMs?: number;
}

/** What is returned: moments or all samples, as `keep` says. */
export interface KeepMoments {
  keep: "moments";
}

/** @see {@link KeepMoments} */
export interface KeepSamples {
  keep?: "samples";
}
