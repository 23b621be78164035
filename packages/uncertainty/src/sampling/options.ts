/** @file What sampling can be told. */
import type { Tensor } from "@nnxjs/kernels/internal";
import { NnxError } from "@nnxjs/nnx-core";
import { checkOptions, describe, type OptionNames } from "@nnxjs/nnx-core/internal";
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

/**
 * How the model is called: `model.forward(x)` unless this says otherwise. Models whose `forward`
 * returns something else need it.
 */
export type CallOption<M, X extends Tensor> =
  M extends Callable<X> ? { call?: (model: M, x: X) => Tensor } : { call: (model: M, x: X) => Tensor };

/** What all ways of sampling can be told. */
export interface CollectOptions {
  /**
   * What the model puts out. `"logits"`: softmax over the last axis is applied to each pass.
   * `"probabilities"`: rows that are checked to be some. `"values"`: anything, such as a
   * regression's.
   * @defaultValue "values"
   */
  outputs?: Outputs;
  /**
   * What is kept. `"samples"`: everything, `[n, ...output]`. `"moments"`: running mean, variance
   * and, of probabilities, entropy; memory does not grow with `n`.
   * @defaultValue "samples"
   */
  keep?: "samples" | "moments";
  /**
   * How many rows of the input go through the model at a time; the result does not depend on it.
   * @defaultValue all
   */
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
  /**
   * How long to compute before a page gets to breathe, in milliseconds.
   * @defaultValue 12, less than a frame
   */
  sliceMs?: number;
}

/** The names that all ways of sampling know. */
export const COLLECT_NAMES: OptionNames<CollectOptions & { call: unknown }> = {
  outputs: true,
  keep: true,
  batchSize: true,
  onProgress: true,
  signal: true,
  call: true,
};

const OUTPUTS = ["values", "logits", "probabilities"] as const;
const KEEPS = ["samples", "moments"] as const;

/**
 * Refuses options with other names or values.
 * @throws NnxError that names the option.
 */
export function checkSampling<O extends CollectOptions>(
  where: string,
  options: O,
  names: OptionNames<O & { call: unknown }>,
): void {
  checkOptions<O & { call: unknown }>(where, options as O & { call: unknown }, names);
  const { outputs = "values", keep = "samples", onProgress } = options;
  const refuse = (name: string, value: unknown, known: string): never => {
    throw new NnxError(
      `${where}: expected ${name} to be ${known}, got ${describe(value)}. Choose one of these.`,
    );
  };
  if (!OUTPUTS.includes(outputs)) refuse("outputs", outputs, '"values", "logits" or "probabilities"');
  if (!KEEPS.includes(keep)) refuse("keep", keep, '"samples" or "moments"');
  if (onProgress !== undefined && typeof onProgress !== "function")
    refuse("onProgress", onProgress, "a function");
}

/** What is returned: moments or all samples, as `keep` says. */
export interface KeepMoments {
  keep: "moments";
}

/** @see {@link KeepMoments} */
export interface KeepSamples {
  keep?: "samples";
}
