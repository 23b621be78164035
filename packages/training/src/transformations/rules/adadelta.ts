/** @file Steps of the size of steps before. */
import { adadeltaStep } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import type { Tree } from "../../tree/tree.ts";
import { type Mask, maskOption } from "../masks/mask.ts";
import { decay, notNegative, optionalRate, type OptionTable, readOptions } from "../options.ts";
import { byMoments } from "../one-pass.ts";
import { type Schedule, scaleByLearningRate } from "../schedule.ts";
import { chain, type GradientTransformation, identity } from "../transformation.ts";
import { decayRate, decayedWeights } from "../parts/weight-decay.ts";

/** Options of {@link scaleByAdadelta}. */
export interface ScaleByAdadeltaOptions {
  /** Decay of the means of squares, in `[0, 1)`. @defaultValue 0.9 */
  rho?: number;
  /** Added under the roots. @defaultValue 1e-6 */
  eps?: number;
}

const scaleByAdadeltaTable: OptionTable<ScaleByAdadeltaOptions> = { rho: decay(0.9), eps: notNegative(1e-6) };

/** Running means of squared gradients and of squared updates. */
type AdadeltaState = { readonly eG: Tree; readonly eX: Tree };

/**
 * Gives each gradient the root mean square of its past updates.
 * @throws RangeError for options that cannot be.
 * @see `optax.scale_by_adadelta`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.chain(nnx.scaleByAdadelta(), nnx.scaleByLearningRate(1));
 * ```
 */
export const scaleByAdadelta: (options?: ScaleByAdadeltaOptions) => GradientTransformation<AdadeltaState> =
  registerFactory("tx.scaleByAdadelta", (options = {}) => {
    const { rho, eps } = readOptions("scaleByAdadelta", options, scaleByAdadeltaTable);
    return byMoments<AdadeltaState>({
      where: "scaleByAdadelta",
      rule: adadeltaStep,
      start: { eG: 0, eX: 0 },
      numbers: () => [rho, 1 - rho, eps],
    });
  });

/** Options of {@link adadelta}. */
export interface AdadeltaOptions extends ScaleByAdadeltaOptions {
  /**
   * A number, or a schedule of steps; 1 is the paper's.
   * @defaultValue null: updates are not scaled, nor is their sign turned
   */
  learningRate?: number | Schedule | null;
  /** The share of each parameter that is added to its gradient: a number or a schedule. @defaultValue 0 */
  weightDecay?: number | Schedule;
  /** Which parameters decay. @defaultValue null, all */
  weightDecayMask?: Mask | null;
}

const adadeltaTable: OptionTable<AdadeltaOptions> = {
  learningRate: optionalRate,
  ...scaleByAdadeltaTable,
  weightDecay: decayRate(0),
  weightDecayMask: maskOption,
};

/**
 * Adadelta: Adagrad with a mean in place of the sum, and the size of its own past steps as learning
 * rate.
 * @throws RangeError for options that cannot be; StructureError for a mask that is none.
 * @see Zeiler 2012, https://arxiv.org/abs/1212.5701; `optax.adadelta`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.adadelta({ learningRate: 1 });
 * ```
 */
export const adadelta: (options?: AdadeltaOptions) => GradientTransformation = registerFactory(
  "tx.adadelta",
  (options = {}) => {
    const given = readOptions("adadelta", options, adadeltaTable);
    const { learningRate, weightDecay, weightDecayMask, ...scaling } = given;
    return chain(
      decayedWeights(weightDecay, weightDecayMask),
      scaleByAdadelta(scaling),
      learningRate === null ? identity : scaleByLearningRate(learningRate),
    );
  },
);
