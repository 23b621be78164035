/** @file Adam that also follows the change of gradients. */
import { adanStep } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import type { Tree } from "../../tree/tree.ts";
import { byMoments } from "../one-pass.ts";
import { decay, notNegative, type OptionTable, readOptions } from "../options.ts";
import { biasCorrection, means } from "../parts/running-mean.ts";
import { type Schedule, scaleByLearningRate } from "../schedule.ts";
import { chain, type GradientTransformation } from "../transformation.ts";
import { type DecayOptions, decayTable, decayedWeights } from "../parts/weight-decay.ts";

/** Options of {@link scaleByAdan}. */
export interface ScaleByAdanOptions {
  /** Decay of the mean of gradients, in `[0, 1)`. @defaultValue 0.98 */
  b1?: number;
  /** Decay of the mean of their changes, in `[0, 1)`. @defaultValue 0.92 */
  b2?: number;
  /** Decay of the mean of squares, in `[0, 1)`. @defaultValue 0.99 */
  b3?: number;
  /** Added to the root. @defaultValue 1e-8 */
  eps?: number;
  /** Added under the root. @defaultValue 0, of `adan` 1e-8 */
  epsRoot?: number;
}

const adanTable = (epsRoot: number): OptionTable<ScaleByAdanOptions> => ({
  b1: decay(0.98),
  b2: decay(0.92),
  b3: decay(0.99),
  eps: notNegative(1e-8),
  epsRoot: notNegative(epsRoot),
});

/** Means of gradients, of their changes and of squares, the last gradient, and steps taken. */
type AdanState = {
  readonly m: Tree;
  readonly v: Tree;
  readonly n: Tree;
  readonly g: Tree;
  readonly t: number;
};

/**
 * Adan's direction, without a learning rate.
 * @throws RangeError for options that cannot be.
 * @see `optax.scale_by_adan`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.chain(nnx.scaleByAdan(), nnx.scaleByLearningRate(1e-3));
 * ```
 */
export const scaleByAdan: (options?: ScaleByAdanOptions) => GradientTransformation<AdanState> =
  registerFactory("tx.scaleByAdan", (options = {}) => {
    const { b1, b2, b3, eps, epsRoot } = readOptions("scaleByAdan", options, adanTable(0));
    return byMoments<AdanState>({
      where: "scaleByAdan",
      rule: adanStep,
      counter: "t",
      start: { m: 0, v: 0, n: 0, g: 0 },
      numbers: (t) => [
        ...means(b1, b2),
        b3,
        1 - b3,
        1 / biasCorrection(b1, t),
        (1 - b2) / biasCorrection(b2, t),
        1 / biasCorrection(b3, t),
        epsRoot,
        eps,
        // The first gradient has nothing that it could have changed from.
        t === 1 ? 1 : 0,
      ],
    });
  });

/** Options of {@link adan}. */
export interface AdanOptions extends ScaleByAdanOptions, DecayOptions {}

/**
 * Adan: Adam with Nesterov's momentum in another form, which needs the change of gradients only.
 * The weight decay is 0 by default.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for options that cannot be.
 * @see Xie et al. 2022, https://arxiv.org/abs/2208.06677; `optax.adan`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.adan(1e-3, { weightDecay: 0.02, mask: nnx.pathContains("kernel") });
 * ```
 */
export const adan: (learningRate: number | Schedule, options?: AdanOptions) => GradientTransformation =
  registerFactory("tx.adan", (learningRate, options = {}) => {
    const { weightDecay, mask, ...given } = readOptions<AdanOptions>("adan", options, {
      ...adanTable(1e-8),
      ...decayTable(0),
    });
    return chain(scaleByAdan(given), decayedWeights(weightDecay, mask), scaleByLearningRate(learningRate));
  });
