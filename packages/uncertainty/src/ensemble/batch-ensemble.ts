/** @file An ensemble for little more than the memory of one model. */
import { reshape, type Tensor, tile } from "@nnxjs/kernels/internal";
import type { Linear } from "@nnxjs/layers";
import { dispose, iterNodes, registerModule, Module } from "@nnxjs/nnx-core";
import { Rngs } from "@nnxjs/rnglib";
import type { Callable } from "../callable.ts";
import {
  checkTransform,
  LINEAR,
  replaceLayers,
  TRANSFORM_NAMES,
  type TransformOptions,
} from "../transform/replace-linear.ts";
import {
  BatchEnsembleLinear,
  checkFactors,
  checkMembers,
  type FactorOptions,
} from "./batch-ensemble-linear.ts";

const NAMES = { ...TRANSFORM_NAMES, init: true, mean: true, std: true } as const;

/**
 * A model whose dense layers have several members. It repeats its input for each member.
 * @see Wen et al. 2020, https://arxiv.org/abs/2002.06715
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const members = nnx.batchEnsemble(model, 5, { rngs: new nnx.Rngs(1) });
 * [members instanceof nnx.BatchEnsemble, members.forward(tf.ones([2, 4])).shape]; // => [true, [5, 2, 3]]
 * ```
 */
export class BatchEnsemble<M extends Callable> extends Module {
  readonly model: M;
  readonly members: number;

  /** @throws RangeError when `members` is not a positive integer. */
  constructor(model: M, members: number) {
    super();
    checkMembers("BatchEnsemble", members);
    this.model = model;
    this.members = members;
  }

  /**
   * @param x - `[rows, ...]`
   * @returns The outputs of all members, `[members, rows, ...]`.
   */
  forward(x: Tensor): Tensor {
    const repeated = tile(x, [this.members, ...x.shape.slice(1).map(() => 1)]);
    const y = this.model.forward(repeated);
    return reshape(y, [this.members, x.shape[0], ...y.shape.slice(1)]);
  }
}

/**
 * Options of {@link batchEnsemble}: which layers to transform, and how to draw their factors.
 * Unlike in `dropconnect`, the first layer is transformed too by default.
 */
export interface BatchEnsembleOptions extends TransformOptions, FactorOptions {
  /** @defaultValue false */
  skipFirst?: boolean;
}

/**
 * A copy of a model as an ensemble. Its members share the kernels and differ in two vectors for
 * each layer. Train it as one model, on a loss over all members' outputs. Keys come from the
 * `params` stream.
 * @param model - Called with one tensor. Only layers whose class is exactly Linear differ between
 * members.
 * @throws RangeError when `members` is not a positive integer, NnxError when no layer is left to
 * transform.
 * @see Wen et al. 2020, https://arxiv.org/abs/2002.06715; probly's `batchensemble`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const members = nnx.batchEnsemble(model, 5, { rngs: new nnx.Rngs(1) });
 * const probabilities = nnx.softmax(members.forward(tf.ones([2, 4]))); // [5, 2, 3]
 * nnx.entropyDecomposition(probabilities).epistemic; // 2 numbers
 * ```
 */
export function batchEnsemble<M extends Callable & object>(
  model: M,
  members: number,
  options: BatchEnsembleOptions,
): BatchEnsemble<M> {
  checkTransform("batchEnsemble", options, NAMES);
  checkMembers("batchEnsemble", members);
  const { init = "normal", mean = 1, std = 0.5, skipFirst = false, ...which } = options;
  checkFactors("batchEnsemble", { init, mean, std });
  const replaced: Linear[] = [];
  const copy = replaceLayers(
    "batchEnsemble",
    model,
    { ...which, skipFirst },
    "params",
    LINEAR,
    (base, origin) => {
      replaced.push(base);
      const nextKey = () => (origin instanceof Rngs ? origin.nextKey("params") : origin.nextKey());
      return new BatchEnsembleLinear(base, members, { nextKey, init, mean, std });
    },
  );
  // The members have biases of their own. Those of the copied layers are in nothing any more, unless
  // other layers share them.
  const kept = new Set(Array.from(iterNodes(copy), ([, node]) => node));
  for (const { bias } of replaced) if (bias && !kept.has(bias)) dispose(bias);
  return new BatchEnsemble(copy, members);
}

registerModule("BatchEnsemble", BatchEnsemble);
