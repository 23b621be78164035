/** @file The predictions of an ensemble's members, as samples. */
import { type Tensor, valuesOf } from "@nnxjs/kernels/internal";
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
import { type Batch, type Call, Passes } from "./passes.ts";
import { SamplingMode } from "./sampling-mode.ts";

/**
 * Returns one prediction of each member of an ensemble, as `sample` returns several of one
 * stochastic model. Members predict deterministically, whatever their mode, and stay unchanged. The
 * outputs are read synchronously, for which a GPU has to be waited: use {@link sampleMembersAsync}
 * there.
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
  const where = "sampleMembers";
  const { passes, outputs } = predictions(where, ensemble, x, options);
  for (const [batch, output] of outputs) {
    try {
      const values = valuesOf(output, where, "Use sampleMembersAsync.");
      passes.collect(batch, values as Float32Array, output.shape);
    } finally {
      output.dispose();
    }
  }
  return passes.finish();
}

/**
 * Like {@link sampleMembers}, without blocking while the outputs are read. Do not change the members
 * before the end.
 * @see {@link sampleMembers}
 * @param ensemble - The members.
 * @param x - `[rows, ...]`
 * @returns a promise of what {@link sampleMembers} returns.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const members = nnx.ensemble(new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) }), 3, { rngs: new nnx.Rngs(1) });
 * (await nnx.sampleMembersAsync(members, tf.ones([2, 4]))).shape; // => [3, 2, 3]
 * ```
 */
export async function sampleMembersAsync<M extends Member & object, X extends Tensor>(
  ensemble: Ensemble<M>,
  x: X,
  options: CollectOptions & CallOption<M, X> & KeepMoments,
): Promise<SampleMoments>;
export async function sampleMembersAsync<M extends Member & object, X extends Tensor>(
  ensemble: Ensemble<M>,
  x: X,
  options?: CollectOptions & CallOption<M, X> & KeepSamples,
): Promise<Samples>;
export async function sampleMembersAsync<M extends Member & object, X extends Tensor>(
  ensemble: Ensemble<M>,
  x: X,
  options: CollectOptions & Partial<Call<M, X>> = {},
): Promise<Samples | SampleMoments> {
  const { passes, outputs } = predictions("sampleMembersAsync", ensemble, x, options);
  for (const [batch, output] of outputs) {
    try {
      passes.collect(batch, await output.data<"float32">(), output.shape);
    } finally {
      output.dispose();
    }
  }
  return passes.finish();
}

/** The outputs of all members, batch by batch. Whoever takes one disposes it. */
function predictions<M extends Member & object, X extends Tensor>(
  where: string,
  ensemble: Ensemble<M>,
  x: X,
  options: CollectOptions & Partial<Call<M, X>>,
): { readonly passes: Passes<M, X>; readonly outputs: Iterable<readonly [Batch, Tensor]> } {
  checkSampling(where, options, COLLECT_NAMES);
  if (!(ensemble instanceof Ensemble)) {
    throw new NnxError(
      `${where}: expected an Ensemble, got ${describe(ensemble)}. Make one with ensemble(model, n, { rngs }), or use sample.`,
    );
  }
  const { members } = ensemble;
  const passes = new Passes<M, X>(where, members[0], x, members.length, options);
  const mode = new SamplingMode(members, { deterministic: true });
  function* outputs(): Generator<readonly [Batch, Tensor]> {
    for (const batch of passes.batches()) {
      const member = members[batch.pass] as M;
      yield [batch, mode.during(() => passes.compute(batch, member))];
    }
  }
  return { passes, outputs: outputs() };
}
