/** @file Adam whose divisor never falls. */
import { amsgradStep } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import type { Tree } from "../../tree/tree.ts";
import { byMoments } from "../one-pass.ts";
import { decay, flag, notNegative, type OptionTable, readOptions } from "../options.ts";
import { biasCorrection, means } from "../parts/running-mean.ts";
import { type Schedule, scaleByLearningRate } from "../schedule.ts";
import { chain, type GradientTransformation } from "../transformation.ts";

/** Options of {@link amsgrad} and {@link scaleByAmsgrad}. */
export interface AmsgradOptions {
  /** Decay of the mean of gradients, in `[0, 1)`. @defaultValue 0.9 */
  b1?: number;
  /** Decay of the mean of squared gradients, in `[0, 1)`. @defaultValue 0.999 */
  b2?: number;
  /** Added to the root. @defaultValue 1e-8 */
  eps?: number;
  /** Added under the root. @defaultValue 0 */
  epsRoot?: number;
  /** Correct the mean for its start at 0. The paper does not. @defaultValue true */
  biasCorrectionMu?: boolean;
  /** Correct the mean of squares before its maximum is taken. The paper does not. @defaultValue true */
  biasCorrectionNu?: boolean;
}

const amsgradTable: OptionTable<AmsgradOptions> = {
  b1: decay(0.9),
  b2: decay(0.999),
  eps: notNegative(1e-8),
  epsRoot: notNegative(0),
  biasCorrectionMu: flag(true),
  biasCorrectionNu: flag(true),
};

type AmsgradState = { readonly count: number; readonly mu: Tree; readonly nu: Tree; readonly nuMax: Tree };

/**
 * AMSGrad's direction, without a learning rate.
 * @throws RangeError for options that cannot be.
 * @see `optax.scale_by_amsgrad`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.chain(nnx.scaleByAmsgrad(), nnx.scaleByLearningRate(1e-3));
 * ```
 */
export const scaleByAmsgrad: (options?: AmsgradOptions) => GradientTransformation<AmsgradState> =
  registerFactory("tx.scaleByAmsgrad", (options = {}) => {
    const given = readOptions("scaleByAmsgrad", options, amsgradTable);
    const { b1, b2, eps, epsRoot } = given;
    return byMoments<AmsgradState>({
      where: "scaleByAmsgrad",
      rule: amsgradStep,
      counter: "count",
      start: { mu: 0, nu: 0, nuMax: 0 },
      numbers: (t) => [
        ...means(b1, b2),
        given.biasCorrectionMu ? 1 / biasCorrection(b1, t) : 1,
        given.biasCorrectionNu ? 1 / biasCorrection(b2, t) : 1,
        epsRoot,
        eps,
      ],
    });
  });

/**
 * AMSGrad: Adam, divided by the largest root of the mean of squares so far.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for options that cannot be.
 * @see Reddi et al. 2018, https://openreview.net/forum?id=ryQu7f-RZ; `optax.amsgrad`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * // As in the paper, which corrects neither mean.
 * const tx = nnx.amsgrad(1e-3, { biasCorrectionMu: false, biasCorrectionNu: false });
 * ```
 */
export const amsgrad: (learningRate: number | Schedule, options?: AmsgradOptions) => GradientTransformation =
  registerFactory("tx.amsgrad", (learningRate, options = {}) => {
    const given = readOptions("amsgrad", options, amsgradTable);
    return chain(scaleByAmsgrad(given), scaleByLearningRate(learningRate));
  });
