/** @file Steps by the running size of gradients. */
import { add, div, sqrt, square, sub, type Tensor, zerosLike } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { checkOptions, type OptionNames } from "@nnxjs/nnx-core/internal";
import { checkDecay, checkNotNegative } from "../checks.ts";
import { momentumOf } from "./momentum.ts";
import { runningMean } from "./running-mean.ts";
import { type Schedule, scaleByLearningRate } from "./schedule.ts";
import { chain, type GradientTransformation, made } from "./transformation.ts";
import { checkAlike, mapTree, type Tree } from "../tree/tree.ts";

/** Options of {@link scaleByRms}. */
export interface RmsOptions {
  /** Decay of the mean of squared gradients, in `[0, 1)`. @defaultValue 0.9 */
  decay?: number;
  /** Keeps the divisor from 0. @defaultValue 1e-8 */
  eps?: number;
  /** Whether `eps` is added under the root or to it. @defaultValue true */
  epsInSqrt?: boolean;
  /** Where the mean of squares starts. @defaultValue 0 */
  initialScale?: number;
  /**
   * Divide by the running standard deviation instead of the root mean square.
   * @defaultValue false
   */
  centered?: boolean;
}

/** Options of {@link rmsprop}. */
export interface RmspropOptions extends RmsOptions {
  /** Decay of the running sum of updates, in `[0, 1)`. @defaultValue null, no sum is kept */
  momentum?: number | null;
  /** Look ahead along the running sum. Needs `momentum`. @defaultValue false */
  nesterov?: boolean;
}

const rmsOptionNames: OptionNames<RmsOptions> = {
  decay: true,
  eps: true,
  epsInSqrt: true,
  initialScale: true,
  centered: true,
};

type RmsState = { readonly nu: Tree } | { readonly mu: Tree; readonly nu: Tree };

/**
 * Divides each gradient by the root of its running mean square.
 * @throws RangeError for options that cannot be.
 * @see `optax.scale_by_rms`, and with `centered` `optax.scale_by_stddev`
 */
export function scaleByRms(options: RmsOptions = {}): GradientTransformation<RmsState> {
  checkOptions("scaleByRms", options, rmsOptionNames);
  const { decay = 0.9, eps = 1e-8, epsInSqrt = true, initialScale = 0, centered = false } = options;
  checkDecay("scaleByRms", "decay", decay);
  checkNotNegative("scaleByRms", "eps", eps);
  checkNotNegative("scaleByRms", "initialScale", initialScale);
  const root = (v: Tensor): Tensor => (epsInSqrt ? sqrt(add(v, eps)) : add(sqrt(v), eps));
  const meanOf = (mean: Tensor, x: Tensor): Tensor => runningMean(decay, mean, x);
  const meanSquareOf = (mean: Tensor, x: Tensor): Tensor => meanOf(mean, square(x));
  return made("scaleByRms", [options], {
    init: (params) => {
      const nu = mapTree((p) => add(zerosLike(p), initialScale), params);
      return centered ? { mu: mapTree(zerosLike, params), nu } : { nu };
    },
    update: (gradients, state) => {
      checkAlike("scaleByRms", { gradients, ...state });
      const nu = mapTree(meanSquareOf, state.nu, gradients);
      if (!("mu" in state)) return [mapTree((g, v) => div(g, root(v)), gradients, nu), { nu }];
      const mu = mapTree(meanOf, state.mu, gradients);
      const updates = mapTree((g, m, v) => div(g, root(sub(v, square(m)))), gradients, mu, nu);
      return [updates, { mu, nu }];
    },
  });
}

registerFactory("tx.scaleByRms", scaleByRms);

/**
 * RMSProp: `p - learningRate * g / sqrt(v + eps)` with `v` the running mean of `g²`; momentum sums
 * up what would be added, learning rate included.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for options that cannot be.
 * @see `optax.rmsprop`; Graves 2013, https://arxiv.org/abs/1308.0850 (centered)
 * @example
 * ```ts
 * const model = new nnx.Linear(2, 3, { rngs: new nnx.Rngs(0) });
 * const optimizer = new nnx.Optimizer(model, nnx.rmsprop(0.01), { wrt: nnx.Param });
 * ```
 */
export function rmsprop(
  learningRate: number | Schedule,
  options: RmspropOptions = {},
): GradientTransformation {
  checkOptions("rmsprop", options, { ...rmsOptionNames, momentum: true, nesterov: true });
  const { momentum = null, nesterov = false, ...rmsOptions } = options;
  const steps: GradientTransformation[] = [scaleByRms(rmsOptions), scaleByLearningRate(learningRate)];
  if (momentum !== null) steps.push(momentumOf("rmsprop", momentum, nesterov));
  return chain(...steps);
}

registerFactory("tx.rmsprop", rmsprop);
