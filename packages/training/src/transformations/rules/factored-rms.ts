/** @file Root mean squares that remember rows and columns instead of every element. */
import {
  add,
  div,
  expandDims,
  mean,
  mul,
  rsqrt,
  square,
  type Tensor,
  zeros,
  zerosLike,
} from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { checkAlike, mapTree, mapTrees, type Tree } from "../../tree/tree.ts";
import { callable, count, flag, notNegative, type OptionTable, readOptions } from "../options.ts";
import { runningMean } from "../parts/running-mean.ts";
import type { GradientTransformation } from "../transformation.ts";

/** Options of {@link scaleByFactoredRms}. */
export interface FactoredRmsOptions {
  /** Whether rows and columns stand for all elements where there are many. @defaultValue true */
  factored?: boolean;
  /** Decay of the means: `1 - t ** -decayRate` in step `t`, which starts at 1. @defaultValue 0.8 */
  decayRate?: number;
  /** Steps to be taken off the count, for a decay that starts anew. @defaultValue 0 */
  stepOffset?: number;
  /**
   * Parameters are factored along their two longest axes if both have this length at least.
   * @defaultValue 128
   */
  minDimSizeToFactor?: number;
  /** Added to the squared gradients. @defaultValue 1e-30 */
  epsilon?: number;
  /** The decay in another way, of steps taken and `decayRate`. @defaultValue as said there */
  decayRateFn?: (count: number, decayRate: number) => number;
}

/** In float32, as optax has it. */
const powerDecay = (steps: number, exponent: number): number =>
  Math.fround(1 - Math.fround((steps + 1) ** -exponent));

const factoredTable: OptionTable<FactoredRmsOptions> = {
  factored: flag(true),
  decayRate: notNegative(0.8),
  stepOffset: count(0),
  minDimSizeToFactor: count(128),
  epsilon: notNegative(1e-30),
  decayRateFn: callable(powerDecay),
};

/**
 * Steps taken, and the means of squares: `v` of each element, or `vRow` and `vCol`. What a parameter
 * does not use is one zero.
 */
type FactoredState = {
  readonly count: number;
  readonly vRow: Tree;
  readonly vCol: Tree;
  readonly v: Tree;
};

const unused = [1];
const without = (shape: readonly number[], axis: number): number[] => shape.filter((_, i) => i !== axis);

/** The two longest axes of a shape, the longest last; of equals, the last one. */
function longestAxes(
  shape: readonly number[],
  least: number,
): readonly [second: number, longest: number] | undefined {
  const sorted = shape.map((_, i) => i).sort((a, b) => (shape[a] as number) - (shape[b] as number));
  const [second, longest] = sorted.slice(-2);
  if (second === undefined || longest === undefined || (shape[second] as number) < least) return undefined;
  return [second, longest];
}

/**
 * Divides each gradient by a root mean square, which for large matrices is made of the means of rows
 * and columns, so that what is remembered is small.
 * @throws RangeError for options that cannot be, and in the step for a `stepOffset` beyond the steps
 * taken.
 * @see Shazeer and Stern 2018, https://arxiv.org/abs/1804.04235; `optax.scale_by_factored_rms`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.chain(nnx.scaleByFactoredRms(), nnx.scaleByLearningRate(1e-3));
 * ```
 */
export const scaleByFactoredRms: (options?: FactoredRmsOptions) => GradientTransformation<FactoredState> =
  registerFactory("tx.scaleByFactoredRms", (options = {}) => {
    const given = readOptions("scaleByFactoredRms", options, factoredTable);
    const axesOf = (shape: readonly number[]) =>
      given.factored ? longestAxes(shape, given.minDimSizeToFactor) : undefined;
    const shapeOf = (axis: 0 | 1) => (shape: readonly number[]) => {
      const axes = axesOf(shape);
      return axes ? without(shape, axes[axis]) : unused;
    };
    const shapes = {
      vRow: shapeOf(1),
      vCol: shapeOf(0),
      v: (shape: readonly number[]) => (axesOf(shape) ? unused : shape),
    };
    const zerosOf = (name: keyof typeof shapes, params: Tree): Tree =>
      mapTree((p) => zeros([...shapes[name](p.shape)]), params);

    return {
      init: (params) => ({
        count: 0,
        vRow: zerosOf("vRow", params),
        vCol: zerosOf("vCol", params),
        v: zerosOf("v", params),
      }),
      update: (gradients, { count: taken, vRow, vCol, v }) => {
        checkAlike("scaleByFactoredRms", { gradients, vRow, vCol, v }, shapes);
        const decay = decayAt(given, taken);
        const [updates, nextRow, nextCol, next] = mapTrees(
          4,
          (g, row, col, all) => {
            const axes = axesOf(g.shape);
            const squares = add(square(g), given.epsilon);
            if (axes) return byRowsAndColumns(g, squares, row, col, axes, decay);
            const means = runningMean(decay, all, squares);
            return [mul(g, rsqrt(means)), zerosLike(row), zerosLike(col), means];
          },
          gradients,
          vRow,
          vCol,
          v,
        ) as [Tree, Tree, Tree, Tree];
        return [updates, { count: taken + 1, vRow: nextRow, vCol: nextCol, v: next }];
      },
    };
  });

function decayAt(
  { stepOffset, decayRate, decayRateFn }: Required<FactoredRmsOptions>,
  taken: number,
): number {
  const decay: unknown = decayRateFn(taken - stepOffset, decayRate);
  if (typeof decay === "number" && decay >= 0 && decay <= 1) return decay;
  throw new RangeError(
    `scaleByFactoredRms: expected a decay in [0, 1] at step ${taken}, got ${describe(decay)}. ` +
      "Let stepOffset be at most the steps taken before, and decayRateFn return a share.",
  );
}

function byRowsAndColumns(
  g: Tensor,
  squares: Tensor,
  oldRow: Tensor,
  oldCol: Tensor,
  [second, longest]: readonly [number, number],
  decay: number,
): readonly Tensor[] {
  const row = runningMean(decay, oldRow, mean(squares, longest));
  const col = runningMean(decay, oldCol, mean(squares, second));
  const overRows = mean(row, second > longest ? second - 1 : second, true);
  const byRow = expandDims(rsqrt(div(row, overRows)), longest);
  const byCol = expandDims(rsqrt(col), second);
  return [mul(mul(g, byRow), byCol), row, col, zeros(unused)];
}
