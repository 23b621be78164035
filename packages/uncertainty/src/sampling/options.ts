/** @file The options of sampling, and their checks. */
import type { Tensor } from "@nnxjs/kernels/internal";
import { NnxError } from "@nnxjs/nnx-core";
import { checkOptions, describe, type OptionNames } from "@nnxjs/nnx-core/internal";
import type { PRNGKey } from "@nnxjs/rnglib";
import type { Callable } from "../callable.ts";
import type { Outputs } from "./collector.ts";

/** How many passes are done. */
export interface SampleProgress {
  /** The number of passes done so far. */
  readonly done: number;
  /** The number of all passes. */
  readonly total: number;
}

/**
 * How to call the model. The default is `model.forward(x)`. A model whose `forward` returns
 * something other than a tensor needs `call`.
 */
export type CallOption<M, X extends Tensor> =
  M extends Callable<X> ? { call?: (model: M, x: X) => Tensor } : { call: (model: M, x: X) => Tensor };

/** Options of all ways of sampling. */
export interface CollectOptions {
  /**
   * The kind of output that the model has. For `"logits"`, each pass goes through softmax over the
   * last axis. For `"probabilities"`, each row is checked to hold probabilities. `"values"` may be
   * anything, such as the output of a regression.
   * @defaultValue "values"
   */
  outputs?: Outputs;
  /**
   * What to keep. `"samples"` keeps everything, `[n, ...output]`. `"moments"` keeps running means,
   * variances and, for probabilities, entropies; its memory does not grow with `n`.
   * @defaultValue "samples"
   */
  keep?: "samples" | "moments";
  /**
   * How many rows of the input go through the model at a time. The result does not depend on it.
   * @defaultValue all
   */
  batchSize?: number;
  /** Called after each pass. An error that it throws ends the sampling. */
  onProgress?: (progress: SampleProgress) => void;
  /** An `AbortSignal`. It ends the sampling before the next batch, with the signal's reason. */
  signal?: { throwIfAborted(): void };
}

/** Options of `sample`. */
export interface SampleOptions extends CollectOptions {
  /** A single key, from which all masks are drawn. */
  key: PRNGKey;
}

/** Options of `sampleAsync`. */
export interface SampleAsyncOptions extends SampleOptions {
  /**
   * How long to compute before yielding to the page, in milliseconds.
   * @defaultValue 12, less than a frame
   */
  sliceMs?: number;
}

/** The names of {@link CollectOptions} and `call`. */
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
 * Refuses unknown options and unknown values.
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

/** Options with which sampling returns moments. */
export interface KeepMoments {
  keep: "moments";
}

/** Options with which sampling returns all samples. */
export interface KeepSamples {
  keep?: "samples";
}
