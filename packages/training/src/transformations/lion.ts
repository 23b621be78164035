/** @file Steps by the sign of a running mean. */
import { sign, type Tensor, zerosLike } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { checkOptions } from "@nnxjs/nnx-core/internal";
import { addDecayedWeights } from "./adamw.ts";
import { checkDecay } from "../checks.ts";
import { runningMean } from "./running-mean.ts";
import { type Schedule, scaleByLearningRate } from "./schedule.ts";
import { chain, type GradientTransformation, made } from "./transformation.ts";
import { checkAlike, mapTree, type Tree } from "../tree/tree.ts";

/** Options of {@link lion}. */
export interface LionOptions {
  /** Weight of the mean in the direction of this step, in `[0, 1)`. @defaultValue 0.9 */
  b1?: number;
  /** Decay of the mean, in `[0, 1)`. @defaultValue 0.99 */
  b2?: number;
  /** As of `adamw`. @defaultValue 1e-3 */
  weightDecay?: number;
}

type LionState = { readonly count: number; readonly mu: Tree };

function scaleByLion(b1: number, b2: number): GradientTransformation<LionState> {
  checkDecay("lion", "b1", b1);
  checkDecay("lion", "b2", b2);
  const meanOf = (decay: number) => (g: Tensor, m: Tensor) => runningMean(decay, m, g);
  return made("scaleByLion", [b1, b2], {
    init: (params) => ({ count: 0, mu: mapTree(zerosLike, params) }),
    update: (gradients, { count, mu }) => {
      checkAlike("lion", { gradients, mu });
      const updates = mapTree((g, m) => sign(meanOf(b1)(g, m)), gradients, mu);
      return [updates, { count: count + 1, mu: mapTree(meanOf(b2), gradients, mu) }];
    },
  });
}

registerFactory("tx.scaleByLion", scaleByLion);

/**
 * Lion: the sign of a mean of gradients, with decoupled weight decay.
 * @param learningRate - A number, or a schedule of steps; three to ten times smaller than Adam's.
 * @throws RangeError for options that cannot be.
 * @see Chen et al. 2023, https://arxiv.org/abs/2302.06675; `optax.lion`
 */
export function lion(learningRate: number | Schedule, options: LionOptions = {}): GradientTransformation {
  checkOptions<LionOptions>("lion", options, { b1: true, b2: true, weightDecay: true });
  const { b1 = 0.9, b2 = 0.99, weightDecay = 1e-3 } = options;
  return chain(scaleByLion(b1, b2), addDecayedWeights(weightDecay), scaleByLearningRate(learningRate));
}

registerFactory("tx.lion", lion);
