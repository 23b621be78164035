/** @file Steps whose length follows changes of sign. */
import {
  clamp,
  equal,
  greater,
  less,
  mul,
  sign,
  type Tensor,
  where,
  zerosLike,
} from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { checkPositive } from "../../checks.ts";
import { checkAlike, mapTree, mapTrees, type Tree } from "../../tree/tree.ts";
import { fullLike } from "../one-pass.ts";
import { type OptionTable, positive, readOptions, refuse } from "../options.ts";
import { scaleByLearningRate } from "../schedule.ts";
import { chain, type GradientTransformation } from "../transformation.ts";

/** Options of {@link rprop} and {@link scaleByRprop}. */
export interface RpropOptions {
  /** What a step is multiplied by where the gradient changed its sign. @defaultValue 0.5 */
  etaMinus?: number;
  /** What a step is multiplied by where it did not. @defaultValue 1.2 */
  etaPlus?: number;
  /** The shortest step. @defaultValue 1e-6 */
  minStepSize?: number;
  /** The longest step. @defaultValue 50 */
  maxStepSize?: number;
}

const rpropTable: OptionTable<RpropOptions> = {
  etaMinus: positive(0.5),
  etaPlus: positive(1.2),
  minStepSize: positive(1e-6),
  maxStepSize: positive(50),
};

type RpropState = { readonly stepSizes: Tree; readonly prevUpdates: Tree };

/**
 * Rprop's steps, with the sign of the gradients. As in optax, each step goes where the gradient
 * before it pointed, so that the first one moves nothing.
 * @param learningRate - The first step of each element, above 0.
 * @throws RangeError for options that cannot be.
 * @see `optax.scale_by_rprop`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.scaleByRprop(1e-3);
 * ```
 */
export const scaleByRprop: (
  learningRate: number,
  options?: RpropOptions,
) => GradientTransformation<RpropState> = registerFactory("tx.scaleByRprop", (learningRate, options = {}) => {
  return byRprop("scaleByRprop", learningRate, options);
});

function byRprop(
  at: string,
  learningRate: number,
  options: RpropOptions,
): GradientTransformation<RpropState> {
  checkPositive(at, "learningRate", learningRate);
  const { etaMinus, etaPlus, minStepSize, maxStepSize } = readOptions(at, options, rpropTable);
  if (minStepSize > maxStepSize)
    refuse(at, `minStepSize up to maxStepSize, ${maxStepSize}`, minStepSize, "Exchange them.");
  const step = (g: Tensor, size: Tensor, last: Tensor): readonly Tensor[] => {
    const product = mul(g, last);
    const turned = less(product, 0);
    const factor = where(greater(product, 0), fullLike(g, etaPlus), etaMinus);
    const nextSize = where(equal(product, 0), size, clamp(mul(size, factor), minStepSize, maxStepSize));
    // After a change of sign the element rests for one step.
    const [rests, next] = [last, mul(nextSize, sign(g))].map((each) => where(turned, zerosLike(g), each));
    return [rests as Tensor, nextSize, next as Tensor];
  };
  return {
    init: (params) => ({
      stepSizes: mapTree((p) => fullLike(p, learningRate), params),
      prevUpdates: mapTree(zerosLike, params),
    }),
    update: (gradients, { stepSizes, prevUpdates }) => {
      checkAlike("scaleByRprop", { gradients, stepSizes, prevUpdates });
      const [updates, sizes, next] = mapTrees(3, step, gradients, stepSizes, prevUpdates) as [
        Tree,
        Tree,
        Tree,
      ];
      return [updates, { stepSizes: sizes, prevUpdates: next }];
    },
  };
}

/**
 * Rprop: each element has a step of its own that grows while the gradient keeps its sign, and
 * shrinks when that changes. For gradients of whole data sets; the size of gradients does not
 * matter. As in optax, each step goes where the gradient before it pointed, so that the first one
 * moves nothing.
 * @param learningRate - The first step of each element, above 0.
 * @throws RangeError for options that cannot be.
 * @see Riedmiller and Braun 1993, https://ieeexplore.ieee.org/document/298623; Igel and Hüsken 2003,
 * https://doi.org/10.1016/S0925-2312(01)00700-7; `optax.rprop`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.rprop(0.01, { maxStepSize: 1 });
 * ```
 */
export const rprop: (learningRate: number, options?: RpropOptions) => GradientTransformation =
  registerFactory("tx.rprop", (learningRate, options = {}) => {
    return chain(byRprop("rprop", learningRate, options), scaleByLearningRate(1));
  });
