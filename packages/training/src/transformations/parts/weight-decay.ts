/** @file Decay of weights, apart from gradients. */
import { add, mul } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { checkAlike, mapTree, type Tree } from "../../tree/tree.ts";
import { checkNotNegative } from "../../checks.ts";
import { noteShare } from "../applying.ts";
import { type Mask, maskOption } from "../masks/mask.ts";
import { maskedBy } from "../masks/masked.ts";
import { type Option, type OptionTable, readOptions, refuse } from "../options.ts";
import { type Schedule, scheduled } from "../schedule.ts";
import type { GradientTransformation } from "../transformation.ts";

/** Options of optimizers with weight decay. */
export interface DecayOptions {
  /**
   * The share of each parameter that is added to its update, before the learning rate: a number, or
   * a schedule of steps. The optimizer says its default.
   */
  weightDecay?: number | Schedule;
  /** Which parameters decay, such as `pathContains("kernel")`. @defaultValue null, all */
  mask?: Mask | null;
}

/** An option for the weight decay: a number, not negative, or a schedule. */
export const decayRate = (standard: number): Option<number | Schedule> => ({
  standard,
  check: (where, name, value) => {
    if (typeof value === "function") return;
    if (typeof value === "number") checkNotNegative(where, name, value);
    else
      refuse(where, `${name} to be a finite number >= 0 or a schedule`, value, "Pass a number such as 1e-4.");
  },
});

export const decayTable = (standard: number): OptionTable<DecayOptions> => ({
  weightDecay: decayRate(standard),
  mask: maskOption,
});

const decayed = (updates: Tree, params: Tree, share: number): Tree =>
  mapTree((u, p) => add(u, mul(p, share)), updates, params);

/** The transformation, of a share that may be negative. */
export function decayedWeights(weightDecay: number | Schedule, mask: Mask | null): GradientTransformation {
  const where = "addDecayedWeights";
  const byNumber = (share: number): GradientTransformation =>
    noteShare(
      {
        init: () => [],
        update: (updates, state, params) => {
          checkAlike(where, { updates, params });
          // As in optax: without decay, parameters that are not finite do not matter.
          return [share === 0 ? updates : decayed(updates, params, share), state];
        },
      },
      (state) => [share, state],
    );
  const bySchedule = (schedule: Schedule): GradientTransformation => ({
    init: () => ({ count: 0 }),
    update: (updates, state, params) => {
      checkAlike(where, { updates, params });
      const { count } = state as { count: number };
      return [decayed(updates, params, scheduled(where, schedule, count)), { count: count + 1 }];
    },
  });
  return maskedBy(
    where,
    typeof weightDecay === "number" ? byNumber(weightDecay) : bySchedule(weightDecay),
    mask,
  );
}

/**
 * Adds `weightDecay * p` to the update of each parameter `p`.
 * @param weightDecay - A number, or a schedule of steps.
 * @param options - `mask`: which parameters decay. All by default.
 * @throws RangeError for a negative decay; StructureError for a mask that is none, and in the step
 * for one of another model.
 * @see `optax.add_decayed_weights`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(2, 3, { rngs: new nnx.Rngs(0) });
 * const decay = nnx.addDecayedWeights(1e-4, { mask: nnx.pathContains("kernel") });
 * const optimizer = new nnx.Optimizer(model, nnx.chain(decay, nnx.sgd(0.1)), { wrt: nnx.Param });
 * ```
 */
export const addDecayedWeights: (
  weightDecay: number | Schedule,
  options?: Pick<DecayOptions, "mask">,
) => GradientTransformation = registerFactory("tx.addDecayedWeights", (weightDecay, options = {}) => {
  decayRate(0).check("addDecayedWeights", "weightDecay", weightDecay);
  const { mask } = readOptions<Pick<DecayOptions, "mask">>("addDecayedWeights", options, {
    mask: maskOption,
  });
  return decayedWeights(weightDecay, mask);
});
