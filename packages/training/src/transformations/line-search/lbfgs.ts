/** @file Directions by the curvature that past steps met. */
import {
  concat,
  div,
  equal,
  greater,
  minimum,
  mul,
  neg,
  reshape,
  scalar,
  slice,
  sqrt,
  sub,
  type Tensor,
  where,
  zeros,
  zerosLike,
} from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { checkOptions, type OptionNames } from "@nnxjs/nnx-core/internal";
import { checkSteps } from "../../checks.ts";
import type { Schedule } from "../../schedules/schedule.ts";
import { addScaled, dot, scaled, squaredNorm } from "../../tree/arithmetic.ts";
import { checkAlike, mapTree, type Tree } from "../../tree/tree.ts";
import { scale } from "../scale.ts";
import { scaleByLearningRate } from "../schedule.ts";
import { chain, type GradientTransformation, identityTransformation } from "../transformation.ts";
import { scaleByZoomLinesearch } from "./zoom.ts";

/** Options of {@link scaleByLbfgs}. */
export interface ScaleByLbfgsOptions {
  /** How many past steps count. @defaultValue 10 */
  memorySize?: number;
  /** Begin with the identity times the curvature of the last step. @defaultValue true */
  scaleInitPrecond?: boolean;
}

const names: OptionNames<ScaleByLbfgsOptions> = { memorySize: true, scaleInitPrecond: true };

type LbfgsState = {
  readonly count: number;
  /** The parameters and gradients of the step before. */
  readonly params: Tree;
  readonly updates: Tree;
  /** How they changed in past steps: one more axis, in front, for the steps. */
  readonly diffParamsMemory: Tree;
  readonly diffUpdatesMemory: Tree;
  /** One over the product of both changes, for each step. */
  readonly weightsMemory: Tensor;
};

/**
 * Multiplies updates by an estimate of the inverse of the Hessian, which the changes of parameters
 * and gradients in past steps give (L-BFGS). It remembers `2 * memorySize` times the parameters. A
 * line search after it makes steps of a good length.
 * @throws RangeError unless `memorySize` is a positive integer.
 * @see `optax.scale_by_lbfgs`; Liu and Nocedal 1989, https://doi.org/10.1007/BF01589116
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(2, 1, { rngs: new nnx.Rngs(0) });
 * // With a step size of its own, and no line search.
 * const optimizer = new nnx.Optimizer(model, nnx.chain(nnx.scaleByLbfgs(), nnx.scale(-0.1)));
 * ```
 */
export const scaleByLbfgs: (options?: ScaleByLbfgsOptions) => GradientTransformation<LbfgsState> =
  registerFactory("tx.scaleByLbfgs", (options = {}) => {
    checkOptions("scaleByLbfgs", options, names);
    const { memorySize = 10, scaleInitPrecond = true } = options;
    checkSteps("scaleByLbfgs", "memorySize", memorySize);
    const emptyMemory = (params: Tree): Tree => mapTree((p) => zeros([memorySize, ...p.shape]), params);
    return {
      init: (params) => ({
        count: 0,
        params: mapTree(zerosLike, params),
        updates: mapTree(zerosLike, params),
        diffParamsMemory: emptyMemory(params),
        diffUpdatesMemory: emptyMemory(params),
        weightsMemory: zeros([memorySize]),
      }),
      update: (updates, state, params) => {
        checkAlike("scaleByLbfgs", {
          params,
          updates,
          before: state.params,
          "updates before": state.updates,
        });
        const { count } = state;
        const memory = count === 0 ? state : remember(state, params, updates, memorySize);
        const factor = !scaleInitPrecond
          ? scalar(1)
          : count === 0
            ? minimum(div(scalar(1), sqrt(squaredNorm(updates))), 1)
            : curvatureOf(state, params, updates);
        const direction = precondition(updates, memory, factor, count % memorySize, memorySize);
        const { diffParamsMemory, diffUpdatesMemory, weightsMemory } = memory;
        const kept = { diffParamsMemory, diffUpdatesMemory, weightsMemory };
        return [direction, { count: count + 1, params, updates, ...kept }];
      },
    };
  });

type Memory = Pick<LbfgsState, "diffParamsMemory" | "diffUpdatesMemory" | "weightsMemory">;

/** The changes of the last step in the place of the oldest. */
function remember(state: LbfgsState, params: Tree, updates: Tree, size: number): Memory {
  const [diffParams, diffUpdates] = changesOf(state, params, updates);
  const product = dot(diffUpdates, diffParams);
  const weight = where(equal(product, scalar(0)), scalar(0), div(scalar(1), product));
  const place = (state.count - 1) % size;
  const put = (rows: Tensor, row: Tensor): Tensor => putRow(rows, row, place);
  return {
    diffParamsMemory: mapTree(put, state.diffParamsMemory, diffParams),
    diffUpdatesMemory: mapTree(put, state.diffUpdatesMemory, diffUpdates),
    weightsMemory: put(state.weightsMemory, weight),
  };
}

const changesOf = (state: LbfgsState, params: Tree, updates: Tree): [params: Tree, updates: Tree] => [
  mapTree((p, before) => sub(p, before), params, state.params),
  mapTree((u, before) => sub(u, before), updates, state.updates),
];

/** What the last step says of the inverse of the Hessian as a whole. */
function curvatureOf(state: LbfgsState, params: Tree, updates: Tree): Tensor {
  const [diffParams, diffUpdates] = changesOf(state, params, updates);
  const norm = squaredNorm(diffUpdates);
  return where(greater(norm, 0), div(dot(diffUpdates, diffParams), norm), scalar(1));
}

/**
 * The two loops, from the newest step to the oldest and back.
 * @see Nocedal and Wright 1999, Algorithm 7.4
 */
function precondition(updates: Tree, memory: Memory, factor: Tensor, oldest: number, size: number): Tree {
  const steps = Array.from({ length: size }, (_, i) => {
    const place = (oldest + i) % size;
    return {
      weight: rowAt(memory.weightsMemory, place),
      params: mapTree((rows) => rowAt(rows, place), memory.diffParamsMemory),
      updates: mapTree((rows) => rowAt(rows, place), memory.diffUpdatesMemory),
    };
  });
  let direction = updates;
  const alphas: Tensor[] = [];
  for (const step of [...steps].reverse()) {
    const alpha = mul(step.weight, dot(step.params, direction));
    direction = addScaled(direction, neg(alpha), step.updates);
    alphas.push(alpha);
  }
  direction = scaled(direction, factor);
  for (const step of steps) {
    const beta = mul(step.weight, dot(step.updates, direction));
    direction = addScaled(direction, sub(alphas.pop() as Tensor, beta), step.params);
  }
  return direction;
}

/** Rows as two axes: slices of more than six axes are not to be had. */
const asRows = (x: Tensor, size: number): Tensor => reshape(x, [size, x.size / size]);

function rowAt(rows: Tensor, place: number): Tensor {
  const [size, ...shape] = rows.shape as [number, ...number[]];
  const flat = asRows(rows, size);
  return reshape(slice(flat, [place, 0], [1, flat.shape[1] as number]), shape);
}

function putRow(rows: Tensor, row: Tensor, place: number): Tensor {
  const [size] = rows.shape as [number];
  const flat = asRows(rows, size);
  const width = flat.shape[1] as number;
  const before = slice(flat, [0, 0], [place, width]);
  const after = slice(flat, [place + 1, 0]);
  const parts = [before, reshape(row, [1, width]), after].filter((part) => part.shape[0] !== 0);
  return reshape(concat(parts, 0), rows.shape);
}

/** Options of {@link lbfgs}. */
export interface LbfgsOptions extends ScaleByLbfgsOptions {
  /** Multiplies the direction, before the line search. @defaultValue null, minus one alone */
  learningRate?: number | Schedule | null;
  /**
   * Finds the length of each step; `null` for none.
   * @defaultValue `scaleByZoomLinesearch(20, { initialGuessStrategy: "one" })`
   */
  linesearch?: GradientTransformation | null;
}

/**
 * L-BFGS with a line search. For models that are not large, and losses without randomness.
 *
 * The line search needs the loss and its function: `optimizer.update(model, grads, { value,
 * valueFn })`. It reads numbers back.
 * @throws RangeError for options that cannot be; StructureError in a step without `value` or
 * `valueFn`.
 * @see `optax.lbfgs`; Liu and Nocedal 1989, https://doi.org/10.1007/BF01589116
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(2, 1, { rngs: new nnx.Rngs(0) });
 * const optimizer = new nnx.Optimizer(model, nnx.lbfgs());
 * const x = tf.tensor2d([[1, 2], [3, 5], [-1, 1]]);
 * const lossFn = (m: nnx.Linear) => tf.mean(tf.square(tf.sub(m.forward(x), 1)));
 * for (let step = 0; step < 8; step++) {
 *   tf.tidy(() => {
 *     const [value, grads] = nnx.valueAndGrad(lossFn)(model);
 *     optimizer.update(model, grads, { value, valueFn: lossFn });
 *   });
 * }
 * lossFn(model).dataSync()[0]! < 1e-6; // => true
 * ```
 */
export const lbfgs: (options?: LbfgsOptions) => GradientTransformation = registerFactory(
  "tx.lbfgs",
  (options = {}) => {
    checkOptions("lbfgs", options, { ...names, learningRate: true, linesearch: true });
    const { learningRate = null, linesearch, ...lbfgsOptions } = options;
    return chain(
      scaleByLbfgs(lbfgsOptions),
      learningRate === null ? scale(-1) : scaleByLearningRate(learningRate),
      linesearch === null
        ? identityTransformation()
        : (linesearch ?? scaleByZoomLinesearch(20, { initialGuessStrategy: "one" })),
    );
  },
);
