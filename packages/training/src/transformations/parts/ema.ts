/** @file A running mean of updates. */
import { div, zerosLike } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { checkOptions } from "@nnxjs/nnx-core/internal";
import { checkDecay } from "../../checks.ts";
import { checkAlike, mapTree, type Tree } from "../../tree/tree.ts";
import { biasCorrection, runningMean } from "./running-mean.ts";
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
 */
export const ema: (decay: number, options?: EmaOptions) => GradientTransformation<EmaState> = registerFactory(
  "tx.ema",
  (decay, options = {}) => {
    checkOptions<EmaOptions>("ema", options, { debias: true });
    const { debias = true } = options;
    checkDecay("ema", "decay", decay);
    return {
      init: (params) => ({ count: 0, ema: mapTree(zerosLike, params) }),
      update: (updates, state) => {
        checkAlike("ema", { updates, ema: state.ema });
        const next = mapTree((u, m) => runningMean(decay, m, u), updates, state.ema);
        const count = state.count + 1;
        const correction = biasCorrection(decay, count);
        return [debias ? mapTree((m) => div(m, correction), next) : next, { count, ema: next }];
      },
    };
  },
);
