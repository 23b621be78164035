/** @file Steps in proportion to parameters: the trust ratio, LAMB, LARS, Fromage. */
import { add, div, equal, mul, where } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { checkAlike, mapTree } from "../../tree/tree.ts";
import { type AdamOptions, adamTable, scaleByAdam } from "./adam.ts";
import { type Mask, maskOption } from "../masks/mask.ts";
import { maskedBy } from "../masks/masked.ts";
import { momentumOf } from "../parts/momentum.ts";
import { safeNorm } from "../parts/norms.ts";
import { decay, flag, notNegative, type OptionTable, readOptions } from "../options.ts";
import { type Schedule, scaleByLearningRate } from "../schedule.ts";
import { chain, type GradientTransformation } from "../transformation.ts";
import { type DecayOptions, decayRate, decayTable, decayedWeights } from "../parts/weight-decay.ts";

/** Options of {@link scaleByTrustRatio}. */
export interface TrustRatioOptions {
  /** What the norms are at least. @defaultValue 0 */
  minNorm?: number;
  /** What the ratio is multiplied by. @defaultValue 1 */
  trustCoefficient?: number;
  /** Added to the norm of the update. @defaultValue 0 */
  eps?: number;
}

const trustRatioTable: OptionTable<TrustRatioOptions> = {
  minNorm: notNegative(0),
  trustCoefficient: notNegative(1),
  eps: notNegative(0),
};

/**
 * Multiplies the update of each parameter by the norm of the parameter over its own. Where one of
 * them is 0, the update stays as it is.
 * @throws RangeError for options that cannot be.
 * @see You et al. 2017, https://arxiv.org/abs/1708.03888; `optax.scale_by_trust_ratio`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.chain(nnx.scaleByAdam(), nnx.scaleByTrustRatio(), nnx.scaleByLearningRate(1e-3));
 * ```
 */
export const scaleByTrustRatio: (options?: TrustRatioOptions) => GradientTransformation = registerFactory(
  "tx.scaleByTrustRatio",
  (options = {}) => {
    const { minNorm, trustCoefficient, eps } = readOptions("scaleByTrustRatio", options, trustRatioTable);
    return {
      init: () => [],
      update: (updates, state, params) => {
        checkAlike("scaleByTrustRatio", { updates, params });
        const scaled = mapTree(
          (u, p) => {
            const [ofParam, ofUpdate] = [safeNorm(p, minNorm), safeNorm(u, minNorm)];
            const ratio = div(mul(ofParam, trustCoefficient), add(ofUpdate, eps));
            return mul(u, where(equal(ofParam, 0), 1, where(equal(ofUpdate, 0), 1, ratio)));
          },
          updates,
          params,
        );
        return [scaled, state];
      },
    };
  },
);

/** Options of {@link lamb}. */
export interface LambOptions extends Omit<AdamOptions, "nesterov">, DecayOptions {
  /** Added to the root. @defaultValue 1e-6 */
  eps?: number;
}

/**
 * LAMB: Adam with weight decay (by default 0) and a trust ratio for each parameter, for large
 * batches.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for options that cannot be; StructureError for a mask that is none.
 * @see You et al. 2020, https://arxiv.org/abs/1904.00962; `optax.lamb`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.lamb(0.01, { weightDecay: 0.01, mask: nnx.pathContains("kernel") });
 * ```
 */
export const lamb: (learningRate: number | Schedule, options?: LambOptions) => GradientTransformation =
  registerFactory("tx.lamb", (learningRate, options = {}) => {
    const { nesterov: _, ...table } = adamTable;
    const { weightDecay, mask, ...given } = readOptions<LambOptions>("lamb", options, {
      ...table,
      eps: notNegative(1e-6),
      ...decayTable(0),
    });
    return chain(
      scaleByAdam(given),
      decayedWeights(weightDecay, mask),
      scaleByTrustRatio(),
      scaleByLearningRate(learningRate),
    );
  });

/** Options of {@link lars}. */
export interface LarsOptions {
  /** The share of each parameter that is added to its gradient: a number or a schedule. @defaultValue 0 */
  weightDecay?: number | Schedule;
  /** Which parameters decay. @defaultValue true */
  weightDecayMask?: Mask | null;
  /** What the trust ratio is multiplied by. @defaultValue 0.001 */
  trustCoefficient?: number;
  /** Added to the norm of the update. @defaultValue 0 */
  eps?: number;
  /** Which parameters get a trust ratio. @defaultValue true */
  trustRatioMask?: Mask;
  /** Decay of the running sum of updates, in `[0, 1)`. @defaultValue 0.9 */
  momentum?: number;
  /** Look ahead along the running sum. @defaultValue false */
  nesterov?: boolean;
}

const larsTable: OptionTable<LarsOptions> = {
  weightDecay: decayRate(0),
  weightDecayMask: { ...maskOption, standard: true },
  trustCoefficient: notNegative(0.001),
  eps: notNegative(0),
  trustRatioMask: { standard: true, check: maskOption.check },
  momentum: decay(0.9),
  nesterov: flag(false),
};

/**
 * LARS: gradient descent with momentum and a trust ratio for each parameter, for large batches.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for options that cannot be; StructureError for a mask that is none.
 * @see You et al. 2017, https://arxiv.org/abs/1708.03888; `optax.lars`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const kernels = nnx.pathContains("kernel");
 * const tx = nnx.lars(1, { weightDecay: 1e-4, weightDecayMask: kernels, trustRatioMask: kernels });
 * ```
 */
export const lars: (learningRate: number | Schedule, options?: LarsOptions) => GradientTransformation =
  registerFactory("tx.lars", (learningRate, options = {}) => {
    const given = readOptions("lars", options, larsTable);
    const { trustCoefficient, eps } = given;
    const ratio = scaleByTrustRatio({ trustCoefficient, eps });
    return chain(
      decayedWeights(given.weightDecay, given.weightDecayMask),
      maskedBy("lars", ratio, given.trustRatioMask),
      scaleByLearningRate(learningRate),
      momentumOf("lars", given.momentum, given.nesterov),
    );
  });

/** Options of {@link fromage}. */
export interface FromageOptions {
  /** What the norms are at least. @defaultValue 1e-6 */
  minNorm?: number;
}

/**
 * Fromage: each parameter moves by `learningRate` of its norm, and shrinks so that it does not grow
 * for that.
 * @param learningRate - A number, or a schedule of steps.
 * @throws RangeError for options that cannot be.
 * @see Bernstein et al. 2020, https://arxiv.org/abs/2002.03432; `optax.fromage`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.fromage(0.01);
 * ```
 */
export const fromage: (learningRate: number | Schedule, options?: FromageOptions) => GradientTransformation =
  registerFactory("tx.fromage", (learningRate, options = {}) => {
    const { minNorm } = readOptions<FromageOptions>("fromage", options, { minNorm: notNegative(1e-6) });
    const shrink = (rate: number): number => 1 / Math.sqrt(1 + rate ** 2);
    if (typeof learningRate !== "function") {
      // What is no number would become one in the product.
      scaleByLearningRate(learningRate);
      return chain(
        scaleByTrustRatio({ minNorm }),
        scaleByLearningRate(learningRate * shrink(learningRate)),
        decayedWeights(shrink(learningRate) - 1, null),
      );
    }
    const rateAt = onceInEachStep(learningRate);
    return chain(
      scaleByTrustRatio({ minNorm }),
      scaleByLearningRate((count) => rateAt(count) * shrink(rateAt(count))),
      decayedWeights((count) => shrink(rateAt(count)) - 1, null),
    );
  });

/** A schedule that is not asked again for the step that it was asked for last. */
function onceInEachStep(schedule: Schedule): Schedule {
  let last: { readonly count: number; readonly rate: number } | undefined;
  return (count) => {
    if (last?.count !== count) last = { count, rate: schedule(count) };
    return last.rate;
  };
}
