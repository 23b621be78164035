/** @file A running mean of updates. */
import { emaStep } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { checkOptions } from "@nnxjs/nnx-core/internal";
import { checkDecay } from "../../checks.ts";
import type { Tree } from "../../tree/tree.ts";
import { byMoments } from "../one-pass.ts";
import { biasCorrection } from "./running-mean.ts";
import type { GradientTransformation } from "../transformation.ts";

/** Options of {@link ema}. */
export interface EmaOptions {
  /**
   * Divide by what the weights sum up to, so that the first steps are no smaller.
   * @defaultValue true
   */
  debias?: boolean;
}

/** Steps taken, and the running means. */
type EmaState = { readonly count: number; readonly ema: Tree };

/**
 * Replaces updates by their running mean `m = decay * m + (1 - decay) * u`. (`EMA` is the running
 * mean of a model's parameters.)
 * @param decay - In `[0, 1)`.
 * @throws RangeError for a decay outside `[0, 1)`.
 * @see `optax.ema`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.chain(nnx.ema(0.9), nnx.scaleByLearningRate(1e-3));
 * const optimizer = new nnx.Optimizer(new nnx.Linear(2, 1, { rngs: new nnx.Rngs(0) }), tx);
 * ```
 */
export const ema: (decay: number, options?: EmaOptions) => GradientTransformation<EmaState> = registerFactory(
  "tx.ema",
  (decay, options = {}) => {
    checkOptions<EmaOptions>("ema", options, { debias: true });
    const { debias = true } = options;
    checkDecay("ema", "decay", decay);
    return byMoments<EmaState>({
      where: "ema",
      rule: emaStep,
      counter: "count",
      start: { ema: 0 },
      numbers: (t) => [decay, 1 - decay, debias ? 1 / biasCorrection(decay, t) : 1],
    });
  },
);
