/** @file Steps by the sign of a running mean. */
import { lionStep, mul, tanh, zerosLike } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { checkAlike, mapTree, type Tree } from "../../tree/tree.ts";
import { byMoments } from "../one-pass.ts";
import { decay, oneOf, type OptionTable, positive, readOptions } from "../options.ts";
import { means, runningMean } from "../parts/running-mean.ts";
import { type Schedule, scaleByLearningRate } from "../schedule.ts";
import { chain, type GradientTransformation } from "../transformation.ts";
import { type DecayOptions, decayTable, decayedWeights } from "../parts/weight-decay.ts";

interface LionMeans {
  /** Weight of the mean in the direction of this step, in `[0, 1)`. @defaultValue 0.9 */
  b1?: number;
  /** Decay of the mean, in `[0, 1)`. @defaultValue 0.99 */
  b2?: number;
}

/** Options of {@link scaleByLion}. */
export interface ScaleByLionOptions extends LionMeans {
  /**
   * What becomes of the mean: its sign (`"hard"`), its `tanh` (`"smooth"`), or the mean itself
   * within `(-1, 1)` and its sign elsewhere (`"refined"`).
   * @defaultValue "hard"
   */
  mode?: "hard" | "smooth" | "refined";
  /** What the mean is multiplied by before its `tanh`. @defaultValue 1 */
  smoothBeta?: number;
}

const lionTable: OptionTable<LionMeans> = { b1: decay(0.9), b2: decay(0.99) };
const scaleByLionTable: OptionTable<ScaleByLionOptions> = {
  ...lionTable,
  mode: oneOf("hard", "smooth", "refined"),
  smoothBeta: positive(1),
};

type LionState = { readonly count: number; readonly mu: Tree };

/**
 * Lion's direction, without a learning rate.
 * @throws RangeError for options that cannot be.
 * @see `optax.scale_by_lion`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.chain(nnx.scaleByLion(), nnx.scaleByLearningRate(1e-4));
 * ```
 */
export const scaleByLion: (options?: ScaleByLionOptions) => GradientTransformation<LionState> =
  registerFactory("tx.scaleByLion", (options = {}) => {
    const { b1, b2, mode, smoothBeta } = readOptions("scaleByLion", options, scaleByLionTable);
    if (mode !== "smooth") {
      return byMoments<LionState>({
        where: "scaleByLion",
        rule: lionStep,
        counter: "count",
        start: { mu: 0 },
        numbers: () => [...means(b1, b2), mode === "refined" ? 1 : 0],
      });
    }
    return {
      init: (params) => ({ count: 0, mu: mapTree(zerosLike, params) }),
      update: (gradients, { count, mu }) => {
        checkAlike("scaleByLion", { gradients, mu });
        const updates = mapTree((g, m) => tanh(mul(runningMean(b1, m, g), smoothBeta)), gradients, mu);
        return [updates, { count: count + 1, mu: mapTree((g, m) => runningMean(b2, m, g), gradients, mu) }];
      },
    };
  });

/** Options of {@link lion}. */
export interface LionOptions extends LionMeans, DecayOptions {}

/**
 * Lion: the sign of a mean of gradients, with decoupled weight decay, by default 1e-3.
 * @param learningRate - A number, or a schedule of steps; three to ten times smaller than Adam's.
 * @throws RangeError for options that cannot be; StructureError for a mask that is none.
 * @see Chen et al. 2023, https://arxiv.org/abs/2302.06675; `optax.lion`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.lion(3e-4, { weightDecay: 0.1, mask: (params) => ({ kernel: true, bias: false }) });
 * ```
 */
export const lion: (learningRate: number | Schedule, options?: LionOptions) => GradientTransformation =
  registerFactory("tx.lion", (learningRate, options = {}) => {
    const { weightDecay, mask, ...given } = readOptions<LionOptions>("lion", options, {
      ...lionTable,
      ...decayTable(1e-3),
    });
    return chain(scaleByLion(given), decayedWeights(weightDecay, mask), scaleByLearningRate(learningRate));
  });
