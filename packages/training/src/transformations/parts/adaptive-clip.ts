/** @file Keeping gradients small beside the parameters. */
import { div, less, maximum, mul, sqrt, square, sum, type Tensor, where } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { checkNotNegative } from "../../checks.ts";
import { checkAlike, mapTree } from "../../tree/tree.ts";
import { notNegative, type Option, type OptionTable, readOptions, refuse } from "../options.ts";
import type { GradientTransformation } from "../transformation.ts";

/** Options of {@link adaptiveGradClip}. */
export interface AdaptiveGradClipOptions {
  /** What norms of parameters are taken for at least. @defaultValue 1e-3 */
  eps?: number;
  /**
   * The axes over which norms are taken; negative ones count from the last.
   * @defaultValue null: all axes of scalars and vectors, and all but the last of kernels: the first
   * of two or three axes, the first three of four, the first four of five
   */
  axis?: number | readonly number[] | null;
}

const axisOption: Option<number | readonly number[] | null> = {
  standard: null,
  check: (where_, name, value) => {
    if (value === null || [value].flat().every(Number.isSafeInteger)) return;
    refuse(where_, `${name} to be an axis or a list of axes`, value, "Pass integers.");
  },
};

const adaptiveTable: OptionTable<AdaptiveGradClipOptions> = { eps: notNegative(1e-3), axis: axisOption };

/** The axes over which one unit of a parameter reaches. */
function axesOfUnit(shape: readonly number[], axis: number | readonly number[] | null): number[] {
  const rank = shape.length;
  if (axis !== null) {
    const axes = [axis].flat();
    if (axes.every((each) => each >= -rank && each < rank)) return axes.map((each) => (each + rank) % rank);
    return refuse(
      "adaptiveGradClip",
      `axes of every parameter, here of one of shape [${shape.join(",")}]`,
      axis,
      "Leave axis out.",
    );
  }
  if (shape.filter((size) => size !== 1).length <= 1) return shape.map((_, i) => i);
  if (rank <= 3) return [0];
  if (rank <= 5) return shape.slice(0, -1).map((_, i) => i);
  throw new RangeError(
    `adaptiveGradClip: expected parameters of five axes at most, got one of shape [${shape.join(",")}], ` +
      `and axis ${describe(axis)}. Pass the axes over which a unit reaches as { axis }.`,
  );
}

/** The norm of each unit, to be broadcast. */
function unitNorm(x: Tensor, axis: number | readonly number[] | null): Tensor {
  const axes = axesOfUnit(x.shape, axis);
  const squares = square(x);
  return sqrt(axes.length === 0 ? squares : sum(squares, axes, true));
}

/**
 * Scales the gradient of each unit (the weights of one output) down where its norm is above
 * `clipping` times the norm of its weights.
 * @param clipping - The most that a gradient's norm may be, as a share of the parameter's.
 * @throws RangeError for options that cannot be, and in the step for parameters without such axes.
 * @see Brock et al. 2021, https://arxiv.org/abs/2102.06171; `optax.adaptive_grad_clip`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.chain(nnx.adaptiveGradClip(0.01), nnx.sgd(0.1, { momentum: 0.9 }));
 * ```
 */
export const adaptiveGradClip: (
  clipping: number,
  options?: AdaptiveGradClipOptions,
) => GradientTransformation = registerFactory("tx.adaptiveGradClip", (clipping, options = {}) => {
  checkNotNegative("adaptiveGradClip", "clipping", clipping);
  const { eps, axis } = readOptions("adaptiveGradClip", options, adaptiveTable);
  return {
    init: () => [],
    update: (updates, state, params) => {
      checkAlike("adaptiveGradClip", { updates, params });
      const clipped = mapTree(
        (u, p) => {
          const [size, most] = [unitNorm(u, axis), mul(maximum(unitNorm(p, axis), eps), clipping)];
          return where(less(size, most), u, mul(u, div(most, maximum(size, leastDivisor))));
        },
        updates,
        params,
      );
      return [clipped, state];
    },
  };
});

/** Keeps the division from 0, as in optax. */
const leastDivisor = 1e-6;
