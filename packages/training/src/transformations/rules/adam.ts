/** @file Adam. */
import { adamKernel, add, div, mul, sqrt, square } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import type { Tree } from "../../tree/tree.ts";
import { byMoments, type Rule } from "./one-pass.ts";
import { decay, flag, notNegative, type OptionTable, readOptions } from "../options.ts";
import { biasCorrection, runningMean } from "../parts/running-mean.ts";
import { type Schedule, scaleByLearningRate } from "../schedule.ts";
import { chain, type GradientTransformation } from "../transformation.ts";

/** Options of {@link adam}. */
export interface AdamOptions {
  /** Decay of the mean of gradients, in `[0, 1)`. @defaultValue 0.9 */
  b1?: number;
  /** Decay of the mean of squared gradients, in `[0, 1)`. @defaultValue 0.999 */
  b2?: number;
  /** Added to the root. @defaultValue 1e-8 */
  eps?: number;
  /** Added under the root. @defaultValue 0 */
  epsRoot?: number;
  /**
   * Look one step ahead along the mean of gradients.
   * @defaultValue false
   * @see Dozat 2016, https://openreview.net/pdf?id=OM0jvwB8jIp57ZJjtNEZ
   */
  nesterov?: boolean;
}

export const adamTable: OptionTable<AdamOptions> = {
  b1: decay(0.9),
  b2: decay(0.999),
  eps: notNegative(1e-8),
  epsRoot: notNegative(0),
  nesterov: flag(false),
};

/** What Adam and its like remember: steps taken, and the running means. */
export type AdamState = { readonly count: number; readonly mu: Tree; readonly nu: Tree };

/**
 * Adam's direction, without a learning rate.
 * @throws RangeError for options that cannot be.
 * @see `optax.scale_by_adam`
 */
export const scaleByAdam: (options?: AdamOptions) => GradientTransformation<AdamState> = registerFactory(
  "tx.scaleByAdam",
  (options = {}) => {
    const { b1, b2, eps, epsRoot, nesterov } = readOptions("scaleByAdam", options, adamTable);
    return byMoments<AdamState, "count">({
      where: "scaleByAdam",
      counter: "count",
      start: { mu: 0, nu: 0 },
      step: (t) =>
        adamRule({
          b1,
          b2,
          eps,
          epsRoot,
          weights: directionWeights(b1, t, nesterov),
          c2: biasCorrection(b2, t),
          divides: true,
        }),
    });
  },
);

/**
 * What mean and gradient weigh in the direction, bias corrections included. The gradient itself
 * counts with `nesterov` only.
 */
export interface DirectionWeights {
  readonly mean: number;
  readonly gradient: number;
}

export function directionWeights(b1: number, t: number, nesterov: boolean): DirectionWeights {
  const c1 = biasCorrection(b1, t);
  return nesterov
    ? { mean: b1 / biasCorrection(b1, t + 1), gradient: (1 - b1) / c1 }
    : { mean: 1 / c1, gradient: 0 };
}

/** One step of Adam. */
export interface AdamStep {
  readonly b1: number;
  readonly b2: number;
  readonly eps: number;
  readonly epsRoot: number;
  readonly weights: DirectionWeights;
  /** The bias correction of the mean of squares. */
  readonly c2: number;
  /** Whether the direction is divided by the root of the mean of squares. */
  readonly divides: boolean;
}

/** From gradient, mean and mean of squares to update and both means. */
export function adamRule({ b1, b2, eps, epsRoot, weights, c2, divides }: AdamStep): Rule {
  const { mean, gradient: ahead } = weights;
  return {
    plain: (g, m, v) => {
      const mu = runningMean(b1, m, g);
      const nu = runningMean(b2, v, square(g));
      const along = mul(mu, mean);
      const direction = ahead === 0 ? along : add(along, mul(g, ahead));
      return [divides ? div(direction, add(sqrt(add(div(nu, c2), epsRoot)), eps)) : direction, mu, nu];
    },
    kernel: divides
      ? (finish) => adamKernel({ b1, b2, eps, epsRoot, mean, gradient: ahead, correction: c2 }, finish)
      : undefined,
    loop: (gs, ms, vs, us, mus, nus) => {
      for (let i = 0; i < gs.length; i++) {
        const g = gs[i] as number;
        const mu = b1 * (ms[i] as number) + (1 - b1) * g;
        const nu = b2 * (vs[i] as number) + (1 - b2) * Math.fround(g * g);
        mus[i] = mu;
        nus[i] = nu;
        const direction = ahead === 0 ? mean * mu : mean * mu + ahead * g;
        us[i] = divides ? direction / (Math.sqrt(nu / c2 + epsRoot) + eps) : direction;
      }
    },
  };
}

/**
 * Adam.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for options that cannot be.
 * @see Kingma and Ba 2015, https://arxiv.org/abs/1412.6980; `optax.adam`
 */
export const adam: (learningRate: number | Schedule, options?: AdamOptions) => GradientTransformation =
  registerFactory("tx.adam", (learningRate, options = {}) => {
    const given = readOptions("adam", options, adamTable);
    return chain(scaleByAdam(given), scaleByLearningRate(learningRate));
  });

/** Options of {@link nadam}. */
export type NAdamOptions = Omit<AdamOptions, "nesterov">;

/**
 * Adam with Nesterov's momentum: `adam` with `nesterov: true`.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for options that cannot be.
 * @see Dozat 2016, https://openreview.net/pdf?id=OM0jvwB8jIp57ZJjtNEZ; `optax.nadam`
 */
export const nadam: (learningRate: number | Schedule, options?: NAdamOptions) => GradientTransformation =
  registerFactory("tx.nadam", (learningRate, options = {}) => {
    const { nesterov: _, ...table } = adamTable;
    const given = readOptions<NAdamOptions>("nadam", options, table);
    return chain(scaleByAdam({ ...given, nesterov: true }), scaleByLearningRate(learningRate));
  });
