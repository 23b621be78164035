/** @file Steps by one norm for each parameter. */
import { add, div, mul, scalar, sqrt, square, sum, type Tensor, zerosLike } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { checkAlike, mapTree, mapTrees, type Tree } from "../../tree/tree.ts";
import { decay, notNegative, type OptionTable, readOptions } from "../options.ts";
import { runningMean } from "../parts/running-mean.ts";
import { type Schedule, scaleByLearningRate } from "../schedule.ts";
import { chain, type GradientTransformation } from "../transformation.ts";

/** Options of {@link novograd} and {@link scaleByNovograd}. */
export interface NovogradOptions {
  /** Decay of the sum of gradients, in `[0, 1)`. @defaultValue 0.9 */
  b1?: number;
  /** Decay of the mean of squared norms, in `[0, 1)`. @defaultValue 0.25 */
  b2?: number;
  /** Added to the root. @defaultValue 1e-6, of `scaleByNovograd` 1e-8 */
  eps?: number;
  /** Added under the root. @defaultValue 0 */
  epsRoot?: number;
  /** The share of each parameter that is added to its gradient once it is scaled. @defaultValue 0 */
  weightDecay?: number;
}

const novogradTable = (eps: number): OptionTable<NovogradOptions> => ({
  b1: decay(0.9),
  b2: decay(0.25),
  eps: notNegative(eps),
  epsRoot: notNegative(0),
  weightDecay: notNegative(0),
});

/** Steps taken, the sums of gradients, and a mean of squared norms for each parameter, a scalar. */
type NovogradState = { readonly count: number; readonly mu: Tree; readonly nu: Tree };

const toScalar = (): readonly number[] => [];

/**
 * NovoGrad's direction, without a learning rate.
 * @throws RangeError for options that cannot be.
 * @see `optax.scale_by_novograd`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.chain(nnx.scaleByNovograd(), nnx.scaleByLearningRate(1e-3));
 * ```
 */
export const scaleByNovograd: (options?: NovogradOptions) => GradientTransformation<NovogradState> =
  registerFactory("tx.scaleByNovograd", (options = {}) => {
    const given = readOptions("scaleByNovograd", options, novogradTable(1e-8));
    const { b1, b2, eps, epsRoot, weightDecay } = given;
    return {
      init: (params) => ({ count: 0, mu: mapTree(zerosLike, params), nu: mapTree(() => scalar(0), params) }),
      update: (gradients, { count, mu, nu }, params) => {
        checkAlike("scaleByNovograd", { gradients, params, mu, nu }, { nu: toScalar });
        // The first step starts the means instead of moving them.
        const isFirst = count === 0;
        const step = (g: Tensor, p: Tensor, m: Tensor, v: Tensor): readonly Tensor[] => {
          const squared = sum(square(g));
          const nextV = isFirst ? squared : runningMean(b2, v, squared);
          const scaled = div(g, add(sqrt(add(nextV, epsRoot)), eps));
          const direction = weightDecay === 0 ? scaled : add(scaled, mul(p, weightDecay));
          return [isFirst ? direction : add(mul(m, b1), direction), nextV];
        };
        const [next, nextNu] = mapTrees(2, step, gradients, params, mu, nu) as [Tree, Tree];
        return [next, { count: count + 1, mu: next, nu: nextNu }];
      },
    };
  });

/**
 * NovoGrad: gradients over the running norm of their parameter's, summed up with momentum.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for options that cannot be.
 * @see Ginsburg et al. 2019, https://arxiv.org/abs/1905.11286; `optax.novograd`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.novograd(0.01, { weightDecay: 1e-3 });
 * ```
 */
export const novograd: (
  learningRate: number | Schedule,
  options?: NovogradOptions,
) => GradientTransformation = registerFactory("tx.novograd", (learningRate, options = {}) => {
  const given = readOptions("novograd", options, novogradTable(1e-6));
  return chain(scaleByNovograd(given), scaleByLearningRate(learningRate));
});
