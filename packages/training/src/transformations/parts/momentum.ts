/** @file A running sum of past updates. */
import { momentumStep } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { checkOptions } from "@nnxjs/nnx-core/internal";
import { checkDecay } from "../../checks.ts";
import { byMoments } from "../one-pass.ts";
import type { GradientTransformation } from "../transformation.ts";
import type { Tree } from "../../tree/tree.ts";

type MomentumState = { readonly trace: Tree };

/** Options of {@link trace}. */
export interface TraceOptions {
  /** Look ahead along the running sum. @defaultValue false */
  nesterov?: boolean;
}

/**
 * Replaces each update `g` by the running sum `t = g + decay * t`, or with `nesterov` by
 * `g + decay * t`.
 * @param decay - In `[0, 1)`.
 * @throws RangeError for a decay outside `[0, 1)`.
 * @see `optax.trace`; Sutskever et al. 2013, https://proceedings.mlr.press/v28/sutskever13.html
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.chain(nnx.trace(0.9, { nesterov: true }), nnx.scale(-0.1));
 * ```
 */
export const trace: (decay: number, options?: TraceOptions) => GradientTransformation<MomentumState> =
  registerFactory("tx.trace", (decay, options = {}) => {
    checkOptions<TraceOptions>("trace", options, { nesterov: true });
    return momentumOf("trace", decay, options.nesterov ?? false);
  });

/** As {@link trace}, called by another name. */
export function momentumOf(
  where: string,
  decay: number,
  nesterov: boolean,
): GradientTransformation<MomentumState> {
  checkDecay(where, where === "trace" ? "decay" : "momentum", decay);
  return byMoments<MomentumState>({
    where,
    rule: momentumStep,
    start: { trace: 0 },
    numbers: () => [decay, nesterov ? 1 : 0],
  });
}
