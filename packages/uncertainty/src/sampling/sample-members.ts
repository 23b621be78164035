/** @file The predictions of an ensemble's members, as samples. */
import type { Tensor } from "@nnxjs/kernels/internal";
import { NnxError } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { Ensemble, type Member } from "../ensemble/ensemble.ts";
import type { SampleMoments } from "../measures/moments.ts";
import type { Samples } from "./collector.ts";
import {
  type CallOption,
  checkSampling,
  COLLECT_NAMES,
  type CollectOptions,
  type KeepMoments,
  type KeepSamples,
} from "./options.ts";
import { type Call, Passes } from "./passes.ts";
import { SamplingMode } from "./sampling-mode.ts";

/**
 * Returns one prediction of each member of an ensemble, as `sample` returns several of one
 * stochastic model. Members predict deterministically, whatever their mode, and stay unchanged.
 * @param ensemble - The members.
 * @param x - `[rows, ...]`
 * @returns All outputs, `[members, ...output]`, as plain numbers, or their running moments with
 * `keep: "moments"`.
 * @throws RangeError when `batchSize` is not a positive integer. An aborted signal throws its
 * reason.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const members = nnx.ensemble(new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) }), 5, { rngs: new nnx.Rngs(1) });
 * const samples = nnx.sampleMembers(members, tf.ones([2, 4]), { outputs: "logits" });
 * samples.shape; // => [5, 2, 3]
 * nnx.entropyDecomposition(samples).epistemic.length; // => 2
 * ```
 */
export function sampleMembers<M extends Member & object, X extends Tensor>(
  ensemble: Ensemble<M>,
  x: X,
  options: CollectOptions & CallOption<M, X> & KeepMoments,
): SampleMoments;
export function sampleMembers<M extends Member & object, X extends Tensor>(
  ensemble: Ensemble<M>,
  x: X,
  options?: CollectOptions & CallOption<M, X> & KeepSamples,
): Samples;
export function sampleMembers<M extends Member & object, X extends Tensor>(
  ensemble: Ensemble<M>,
  x: X,
  options: CollectOptions & Partial<Call<M, X>> = {},
): Samples | SampleMoments {
  checkSampling("sampleMembers", options, COLLECT_NAMES);
  if (!(ensemble instanceof Ensemble)) {
    throw new NnxError(
      `sampleMembers: expected an Ensemble, got ${describe(ensemble)}. Make one with ensemble(model, n, { rngs }), or use sample.`,
    );
  }
  const { members } = ensemble;
  const passes = new Passes("sampleMembers", members[0], x, members.length, options);
  const mode = new SamplingMode(members, { deterministic: true });
  for (const batch of passes.batches()) {
    const member = members[batch.pass] as M;
    const output = mode.during(() => passes.compute(batch, member));
    try {
      passes.collect(batch, output.dataSync<"float32">(), output.shape);
    } finally {
      output.dispose();
    }
  }
  return passes.finish();
}
