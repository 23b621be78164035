/** @file Steps by how far parameters have come. */
import {
  add,
  div,
  maximum,
  mul,
  reshape,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  zeros,
} from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { checkAlike, mapTree, type Tree } from "../../tree/tree.ts";
import { notNegative, type OptionTable, positive, readOptions } from "../options.ts";
import type { GradientTransformation } from "../transformation.ts";

/** Options of {@link scaleByDistanceOverGradients}. */
export interface DistanceOverGradientsOptions {
  /** The first distance, as a share of one and the norm of each parameter. @defaultValue 1e-6 */
  repsRel?: number;
  /** Added under the root. @defaultValue 1e-8 */
  eps?: number;
  /** What all steps are multiplied by. @defaultValue 1 */
  globalScale?: number;
}

const distanceTable: OptionTable<DistanceOverGradientsOptions> = {
  repsRel: positive(1e-6),
  eps: notNegative(1e-8),
  globalScale: notNegative(1),
};

/** For each parameter its largest distance, the sum of squared gradients, and where it began. */
type DistanceState = { readonly maxDist: Tree; readonly gradSumOfSquares: Tree; readonly initParams: Tree };

const lengthOf = (x: Tensor): Tensor => sqrt(sum(square(x)));

/**
 * Multiplies the gradient of each parameter by its largest distance from where it began over the
 * root of the sum of all squared gradients, so that no learning rate is needed. Chain it with
 * `scaleByLearningRate(1)`.
 * @throws RangeError for options that cannot be.
 * @see Ivgi et al. 2023, https://arxiv.org/abs/2302.12022; `optax.scale_by_distance_over_gradients`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.chain(nnx.scaleByDistanceOverGradients(), nnx.scaleByLearningRate(1));
 * ```
 */
export const scaleByDistanceOverGradients: (
  options?: DistanceOverGradientsOptions,
) => GradientTransformation<DistanceState> = registerFactory(
  "tx.scaleByDistanceOverGradients",
  (options = {}) => {
    const where = "scaleByDistanceOverGradients";
    const { repsRel, eps, globalScale } = readOptions(where, options, distanceTable);
    return {
      init: (params) => ({
        maxDist: mapTree((p) => mul(add(lengthOf(p), 1), repsRel), params),
        // One number each, as a vector in optax.
        gradSumOfSquares: mapTree(() => zeros([1]), params),
        initParams: mapTree((p) => p, params),
      }),
      update: (gradients, { maxDist, gradSumOfSquares, initParams }, params) => {
        const trees = { gradients, params, maxDist, gradSumOfSquares, initParams };
        checkAlike(where, trees, { maxDist: () => [], gradSumOfSquares: () => [1] });
        const distances = mapTree(
          (d, p, start) => maximum(d, lengthOf(sub(p, start))),
          maxDist,
          params,
          initParams,
        );
        const sums = mapTree((s, g) => add(s, sum(square(g))), gradSumOfSquares, gradients);
        const updates = mapTree(
          (g, d, s) => mul(g, mul(div(d, sqrt(add(reshape(s, []), eps))), globalScale)),
          gradients,
          distances,
          sums,
        );
        return [updates, { maxDist: distances, gradSumOfSquares: sums, initParams }];
      },
    };
  },
);
