/** @file Several stochastic passes of one model. */
import { type Tensor, valuesOf } from "@nnxjs/kernels/internal";
import { NnxError } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { foldIn, PRNGKey } from "@nnxjs/rnglib/keys";
import type { SampleMoments } from "../measures/moments.ts";
import type { Samples } from "./collector.ts";
import {
  type CallOption,
  checkSampling,
  COLLECT_NAMES,
  type KeepMoments,
  type KeepSamples,
  type SampleAsyncOptions,
  type SampleOptions,
} from "./options.ts";
import { type Batch, type Call, Passes } from "./passes.ts";
import { SamplingMode } from "./sampling-mode.ts";

const SAMPLE_NAMES = { ...COLLECT_NAMES, key: true } as const;
const SAMPLE_ASYNC_NAMES = { ...SAMPLE_NAMES, sliceMs: true } as const;

/**
 * Runs a model `n` times with different masks, whatever its mode. Afterwards its modes, streams and
 * other Variables are as before, even after an error.
 *
 * The result depends only on key, model and inputs: not on the mode, on earlier draws, on
 * `batchSize`, or on the other rows. To achieve this, each pass restarts all streams of the model
 * from `foldIn(key, pass)`, and all rows of a pass share their masks, including those of Dropout.
 * So one pass is one function. Normalisation uses its running averages. Layers without a stream get
 * one during the call. The outputs are read synchronously, for which a GPU has to be waited: use
 * {@link sampleAsync} there.
 * @param model - Called as `model.forward(x)`, or by `call`.
 * @param x - `[rows, ...]`
 * @param n - The number of passes; 30 to 100 are usual. The standard error of a mean falls with
 * `sqrt(n)`.
 * @returns All outputs, `[n, ...output]`, as plain numbers, or their running moments with `keep:
 * "moments"`.
 * @throws NnxError when nothing in the model draws random numbers, RangeError when `n` or
 * `batchSize` is not a positive integer. An aborted signal throws its reason.
 * @see Gal and Ghahramani 2016, https://proceedings.mlr.press/v48/gal16.html; Mobiny et al. 2021,
 * https://doi.org/10.1038/s41598-021-84854-x
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const rngs = new nnx.Rngs(0);
 * class Net extends nnx.Module {
 *   readonly first = new nnx.Linear(2, 32, { rngs });
 *   readonly second = new nnx.DropConnectLinear(new nnx.Linear(32, 3, { rngs }), 0.25);
 *   forward(x: tf.Tensor): tf.Tensor {
 *     return this.second.forward(nnx.relu(this.first.forward(x)));
 *   }
 * }
 * const key = nnx.random.key(0);
 * const samples = nnx.sample(new Net(), tf.ones([5, 2]), 30, { key, outputs: "logits" });
 * samples.shape; // [30, 5, 3]
 * const { epistemic } = nnx.entropyDecomposition(samples); // 5 numbers, in nats
 * ```
 */
export function sample<M extends object, X extends Tensor>(
  model: M,
  x: X,
  n: number,
  options: SampleOptions & CallOption<M, X> & KeepMoments,
): SampleMoments;
export function sample<M extends object, X extends Tensor>(
  model: M,
  x: X,
  n: number,
  options: SampleOptions & CallOption<M, X> & KeepSamples,
): Samples;
export function sample<M extends object, X extends Tensor>(
  model: M,
  x: X,
  n: number,
  options: SampleOptions & Partial<Call<M, X>>,
): Samples | SampleMoments {
  const { key } = checked("sample", options);
  checkSampling("sample", options, SAMPLE_NAMES);
  const passes = new Passes("sample", model, x, n, options);
  const mode = new SamplingMode(model, { deterministic: false });
  const batches = passes.batches();
  for (const batch of batches) {
    const output = stochastic("sample", mode, key, batch, () => passes.compute(batch, model));
    try {
      passes.collect(batch, valuesOf(output, "sample", "Use sampleAsync.") as Float32Array, output.shape);
    } finally {
      output.dispose();
    }
  }
  return passes.finish();
}

/**
 * Like {@link sample}, in slices of a few milliseconds, so that a page can draw and react in
 * between. Between slices the model has its own modes and streams again. Do not change its weights
 * before the end, or the passes come from different models.
 * @param model - As for {@link sample}.
 * @param x - `[rows, ...]`
 * @param n - The number of passes.
 * @throws as {@link sample}.
 * @see {@link sample}
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const layer = new nnx.Dropout(0.5);
 * const samples = await nnx.sampleAsync(layer, tf.ones([5, 2]), 10, { key: nnx.random.key(0), outputs: "values" });
 * samples.shape; // => [10, 5, 2]
 * ```
 */
export async function sampleAsync<M extends object, X extends Tensor>(
  model: M,
  x: X,
  n: number,
  options: SampleAsyncOptions & CallOption<M, X> & KeepMoments,
): Promise<SampleMoments>;
export async function sampleAsync<M extends object, X extends Tensor>(
  model: M,
  x: X,
  n: number,
  options: SampleAsyncOptions & CallOption<M, X> & KeepSamples,
): Promise<Samples>;
export async function sampleAsync<M extends object, X extends Tensor>(
  model: M,
  x: X,
  n: number,
  options: SampleAsyncOptions & Partial<Call<M, X>>,
): Promise<Samples | SampleMoments> {
  const { key } = checked("sampleAsync", options);
  checkSampling("sampleAsync", options, SAMPLE_ASYNC_NAMES);
  const passes = new Passes("sampleAsync", model, x, n, options);
  const mode = new SamplingMode(model, { deterministic: false });
  const { sliceMs = 12 } = options;
  if (!(sliceMs >= 0)) {
    throw new RangeError(
      `sampleAsync: expected sliceMs of at least 0, got ${describe(sliceMs)}. It counts milliseconds.`,
    );
  }
  let start = performance.now();
  for (const batch of passes.batches()) {
    const output = stochastic("sampleAsync", mode, key, batch, () => passes.compute(batch, model));
    try {
      passes.collect(batch, await output.data<"float32">(), output.shape);
    } finally {
      output.dispose();
    }
    if (performance.now() - start < sliceMs) continue;
    await new Promise<void>((resolve) => setTimeout(resolve));
    start = performance.now();
  }
  return passes.finish();
}

/** Runs one batch in sampling mode, with the streams of its pass. */
function stochastic(
  where: string,
  mode: SamplingMode,
  key: PRNGKey,
  { pass }: Batch,
  f: () => Tensor,
): Tensor {
  return mode.during(() => {
    mode.seed(foldIn(key, pass));
    const output = f();
    if (mode.hasDrawn) return output;
    output.dispose();
    throw new NnxError(
      `${where}: expected a model that draws random numbers, got one that drew none: every pass would be the same. ` +
        "Give it layers with a rate between 0 and 1, for example with dropconnect(model, 0.25, { rngs }).",
    );
  });
}

function checked(where: string, options: unknown): { readonly key: PRNGKey } {
  const isRecord = typeof options === "object" && options !== null && "key" in options;
  const key = isRecord ? options.key : undefined;
  if (PRNGKey.isKey(key) && key.shape.length === 0) return { key };
  throw new TypeError(
    `${where}: expected a single key, got ${describe(key)}. Pass { key: nnx.random.key(0) }.`,
  );
}
