/** @file Adam. */
import {
  add,
  div,
  fuse,
  isRecording,
  mul,
  sqrt,
  square,
  type Tensor,
  zerosLike,
} from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { checkOptions, type OptionNames } from "@nnxjs/nnx-core/internal";
import { checkDecay, checkNotNegative } from "../checks.ts";
import { biasCorrection, runningMean } from "./running-mean.ts";
import { type Schedule, scaleByLearningRate } from "./schedule.ts";
import { chain, type GradientTransformation, made } from "./transformation.ts";
import { checkAlike, mapTree, mapTrees, type Tree } from "../tree/tree.ts";

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

export const adamOptionNames: OptionNames<AdamOptions> = {
  b1: true,
  b2: true,
  eps: true,
  epsRoot: true,
  nesterov: true,
};

/** What Adam remembers: steps taken, and the running means. */
type AdamState = { readonly count: number; readonly mu: Tree; readonly nu: Tree };

/**
 * Adam's direction, without a learning rate.
 * @throws RangeError for options that cannot be.
 * @see `optax.scale_by_adam`
 */
export function scaleByAdam(options: AdamOptions = {}): GradientTransformation<AdamState> {
  checkOptions("scaleByAdam", options, adamOptionNames);
  const { b1 = 0.9, b2 = 0.999, eps = 1e-8, epsRoot = 0, nesterov = false } = options;
  checkDecay("scaleByAdam", "b1", b1);
  checkDecay("scaleByAdam", "b2", b2);
  checkNotNegative("scaleByAdam", "eps", eps);
  checkNotNegative("scaleByAdam", "epsRoot", epsRoot);
  return made("scaleByAdam", [options], {
    init: (params) => ({ count: 0, mu: mapTree(zerosLike, params), nu: mapTree(zerosLike, params) }),
    update: (gradients, { count, mu, nu }) => {
      checkAlike("scaleByAdam", { gradients, mu, nu });
      const t = count + 1;
      const c1 = biasCorrection(b1, t);
      const ahead = { mean: b1 / biasCorrection(b1, t + 1), gradient: (1 - b1) / c1 };
      const weights = nesterov ? ahead : { mean: 1 / c1, gradient: 0 };
      const step: AdamStep = { b1, b2, eps, epsRoot, weights, c2: biasCorrection(b2, t) };
      const [updates, nextMu, nextNu] = mapTrees(
        3,
        (g, m, v) => (isRecording() ? undefined : fusedStep(g, m, v, step)) ?? plainStep(g, m, v, step),
        gradients,
        mu,
        nu,
      ) as [Tree, Tree, Tree];
      return [updates, { count: t, mu: nextMu, nu: nextNu }];
    },
  });
}

registerFactory("tx.scaleByAdam", scaleByAdam);

interface AdamStep {
  readonly b1: number;
  readonly b2: number;
  readonly eps: number;
  readonly epsRoot: number;
  /**
   * What mean and gradient weigh in the direction, bias corrections included. The gradient itself
   * counts with `nesterov` only.
   */
  readonly weights: { readonly mean: number; readonly gradient: number };
  /** The bias correction of the mean of squares. */
  readonly c2: number;
}

type Moved = readonly [update: Tensor, mu: Tensor, nu: Tensor];

function plainStep(g: Tensor, m: Tensor, v: Tensor, { b1, b2, eps, epsRoot, weights, c2 }: AdamStep): Moved {
  const mu = runningMean(b1, m, g);
  const nu = runningMean(b2, v, square(g));
  const mean = mul(mu, weights.mean);
  const direction = weights.gradient === 0 ? mean : add(mean, mul(g, weights.gradient));
  return [div(direction, add(sqrt(add(div(nu, c2), epsRoot)), eps)), mu, nu];
}

/**
 * A dozen passes over memory as one. Squares are rounded where float32 overflows, so that the
 * update is 0 there as in optax.
 */
function fusedStep(
  g: Tensor,
  m: Tensor,
  v: Tensor,
  { b1, b2, eps, epsRoot, weights, c2 }: AdamStep,
): Moved | undefined {
  const { mean, gradient: ahead } = weights;
  const moved = fuse([g, m, v], [g.shape, g.shape, g.shape], ([gs, ms, vs], [us, mus, nus]) => {
    if (!gs || !ms || !vs || !us || !mus || !nus) return;
    for (let i = 0; i < gs.length; i++) {
      const gradient = gs[i] as number;
      const mu = b1 * (ms[i] as number) + (1 - b1) * gradient;
      const nu = b2 * (vs[i] as number) + (1 - b2) * Math.fround(gradient * gradient);
      mus[i] = mu;
      nus[i] = nu;
      const direction = ahead === 0 ? mean * mu : mean * mu + ahead * gradient;
      us[i] = direction / (Math.sqrt(nu / c2 + epsRoot) + eps);
    }
  });
  return moved as Moved | undefined;
}

/**
 * Adam.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for options that cannot be.
 * @see Kingma and Ba 2015, https://arxiv.org/abs/1412.6980; `optax.adam`
 */
export function adam(learningRate: number | Schedule, options: AdamOptions = {}): GradientTransformation {
  checkOptions("adam", options, adamOptionNames);
  return chain(scaleByAdam(options), scaleByLearningRate(learningRate));
}

registerFactory("tx.adam", adam);
