/** @file Attention by scaled dot products. */
import { registerFunction, Intermediate, type Module, NnxError } from "@nnxjs/nnx-core";
import { checkTensor, describe } from "@nnxjs/nnx-core/internal";
import { PRNGKey } from "@nnxjs/rnglib";
import { drop } from "@nnxjs/rnglib/internal";
import { softmax } from "../activations/softmax.ts";
import { checkBroadcast } from "../checks.ts";
import { dtypesOf, PRODUCT_CHECKS, type ProductOptions, promoted } from "../dtypes.ts";
import { anything, checkGiven, flag, moduleOrNull, type OptionChecks, orNull } from "../options.ts";
import { checkRate } from "../stochastic/call-options.ts";
import {
  add,
  cast,
  contractPair,
  div,
  logicalAnd,
  shaped,
  sizeOf,
  type Tensor,
  where,
} from "@nnxjs/kernels/internal";
import { causalMask } from "./masks.ts";

/** Options of {@link dotProductAttention}; the names are Flax's. */
export interface AttentionOptions extends Pick<ProductOptions, "dtype" | "promoteDtype" | "precision"> {
  /**
   * Added to the scores; broadcastable to `[...batch, heads, queries, keys]`.
   * @defaultValue none
   */
  bias?: Tensor | null | undefined;
  /**
   * A query attends to a key unless this is 0 or false there; broadcastable like `bias`.
   * @defaultValue none
   */
  mask?: Tensor | null | undefined;
  /** Whether all batches and heads share one dropout mask. @defaultValue true */
  broadcastDropout?: boolean | undefined;
  /** The key of the dropout mask. @defaultValue none */
  dropoutRng?: PRNGKey | null | undefined;
  /** The share of weights to drop. @defaultValue 0 */
  dropoutRate?: number | undefined;
  /** Whether to drop nothing. @defaultValue false */
  deterministic?: boolean | undefined;
  /** The module in which to sow the weights, as `attention_weights`. @defaultValue none */
  module?: Module | null | undefined;
  /** Whether each query attends only to keys up to its own position. @defaultValue false */
  isCausal?: boolean | undefined;
}

const OPTIONS: OptionChecks<AttentionOptions> = {
  bias: orNull(checkTensor),
  mask: orNull(checkTensor),
  broadcastDropout: flag,
  dropoutRng: (where, name, value) => {
    if (value !== null && !PRNGKey.isKey(value))
      throw new NnxError(
        `${where}: expected ${name} to be a key or null, got ${describe(value)}. Make one: nnx.random.key(0).`,
      );
  },
  // `checkRate` checks it.
  dropoutRate: anything,
  deterministic: flag,
  dtype: PRODUCT_CHECKS.dtype,
  precision: PRODUCT_CHECKS.precision,
  promoteDtype: PRODUCT_CHECKS.promoteDtype,
  module: moduleOrNull,
  isCausal: flag,
};

/** The score of a key to which a query may not attend: the most negative float32. */
const FORBIDDEN = -3.4028234663852886e38;

/**
 * The axes of a product of attention, one letter each: batch, query, key, heads of key or value,
 * query heads that share one, and depth.
 */
const PLAIN = { scores: "bqhd,bkhd->bhqk", mixed: "bhqk,bkhd->bqhd" };
const SHARED = { scores: "bqhsd,bkhd->bhsqk", mixed: "bhsqk,bkhd->bqhsd" };

/** Joins the batch axes into one, in front of the others. */
const oneBatch = (x: Tensor, ...others: number[]): Tensor =>
  shaped(x, [sizeOf(x.shape.slice(0, -3)), ...others]);

function checkShapes(where: string, arrays: readonly Tensor[]): void {
  const [first] = arrays as [Tensor];
  const batch = first.shape.slice(0, -3).join();
  if (first.rank >= 3 && arrays.every((x) => x.rank === first.rank && x.shape.slice(0, -3).join() === batch))
    return;
  throw new NnxError(
    `${where}: expected query, key and value of one rank, [...batch, length, heads, depth], with equal batch axes, got ` +
      `${arrays.map(describe).join(", ")}.`,
  );
}

function checkHeads(where: string, queryHeads: number, heads: number, name: string): void {
  if (queryHeads % heads === 0) return;
  throw new NnxError(
    `${where}: expected the query's heads to be a multiple of the ${name}'s, got ${queryHeads} and ${heads}. Groups of query heads share one.`,
  );
}

/**
 * `softmax(query · key / √depth + bias)`, masked: how much each query attends to each key.
 * @param query - `[...batch, queries, heads, depth]`
 * @param key - `[...batch, keys, heads, depth]`. With fewer heads than the query, groups of query
 * heads share one.
 * @returns `[...batch, heads, queries, keys]`; the sum over keys is 1 before dropout.
 * @throws NnxError when shapes do not fit, or dropout has no key.
 * @see Flax `nnx.dot_product_attention_weights`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const x = tf.ones([1, 3, 1, 4]);
 * const weights = nnx.dotProductAttentionWeights(x, x);
 * weights.shape; // => [1, 1, 3, 3]
 * ```
 */
export function dotProductAttentionWeights(
  query: Tensor,
  key: Tensor,
  options: AttentionOptions = {},
): Tensor {
  const where = "dotProductAttention";
  checkGiven(where, options, OPTIONS);
  checkTensor(where, "query", query);
  checkTensor(where, "key", key);
  const { bias = null } = options;
  const [q, k] = promoted(dtypesOf(options), [query, key]);
  checkShapes(where, [q, k]);
  const [queries = 0, heads = 0, depth = 0] = q.shape.slice(-3);
  const [keys = 0, keyHeads = 0, keyDepth = 0] = k.shape.slice(-3);
  if (depth !== keyDepth) {
    throw new NnxError(
      `${where}: expected query and key of one depth, got ${describe(query)} and ${describe(key)}. The last axis is the depth.`,
    );
  }
  checkHeads(where, heads, keyHeads, "key");
  const batch = q.shape.slice(0, -3);
  const share = heads / keyHeads;
  const byHead = share === 1 ? [heads, depth] : [keyHeads, share, depth];
  const scaled = oneBatch(div(q, Math.fround(Math.sqrt(depth))), queries, ...byHead);
  const equations = share === 1 ? PLAIN : SHARED;
  const products = contractPair(equations.scores, scaled, oneBatch(k, keys, keyHeads, depth));
  const scores = shaped(products, [...batch, heads, queries, keys]);
  if (bias) checkBroadcast(where, "bias", bias, scores.shape);
  if (options.mask) checkBroadcast(where, "mask", options.mask, scores.shape);
  const weights = softmax(masked(bias ? add(scores, bias) : scores, options));
  options.module?.sow(Intermediate, "attention_weights", weights);
  return dropped(where, weights, options);
}

function masked(scores: Tensor, { mask = null, isCausal = false }: AttentionOptions): Tensor {
  if (!mask && !isCausal) return scores;
  const causal = isCausal ? causalMask(...(scores.shape.slice(-2) as [number, number])) : null;
  const given = mask && (mask.dtype === "bool" ? mask : cast(mask, "bool"));
  const both = causal && given ? logicalAnd(given, causal) : ((causal ?? given) as Tensor);
  return where(both, scores, FORBIDDEN);
}

function dropped(where: string, weights: Tensor, options: AttentionOptions): Tensor {
  const { dropoutRate = 0, deterministic = false, dropoutRng = null, broadcastDropout = true } = options;
  checkRate(where, dropoutRate);
  if (deterministic || dropoutRate === 0) return weights;
  if (dropoutRng === null) {
    throw new NnxError(
      `${where}: expected a key in dropoutRng because dropoutRate > 0, got none. Pass one, or { deterministic: true }.`,
    );
  }
  const { shape } = weights;
  const maskShape = broadcastDropout ? [...shape.slice(0, -2).map(() => 1), ...shape.slice(-2)] : shape;
  return drop(weights, dropoutRng, dropoutRate, { maskShape });
}

/**
 * `softmax(query · key / √depth + bias) · value`: for each query, the mean of the values, weighted
 * by how much it attends to their keys.
 * @param query - `[...batch, queries, heads, depth]`
 * @param key - `[...batch, keys, heads, depth]`. With fewer heads than the query, groups of query
 * heads share one.
 * @param value - `[...batch, keys, heads, depth]`. Its depth may differ.
 * @returns `[...batch, queries, heads, depth of value]`
 * @throws NnxError when shapes do not fit, or dropout has no key.
 * @see Flax `nnx.dot_product_attention`; Vaswani et al. 2017, https://arxiv.org/abs/1706.03762
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const q = tf.randomNormal([2, 5, 4, 8]);
 * const [k, v] = [tf.randomNormal([2, 7, 4, 8]), tf.randomNormal([2, 7, 4, 8])];
 * const y = nnx.dotProductAttention(q, k, v); // [2, 5, 4, 8]
 * ```
 */
export function dotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: AttentionOptions = {},
): Tensor {
  const where = "dotProductAttention";
  checkGiven(where, options, OPTIONS);
  checkTensor(where, "query", query);
  checkTensor(where, "key", key);
  checkTensor(where, "value", value);
  const [q, k, v] = promoted(dtypesOf(options), [query, key, value]);
  checkShapes(where, [q, k, v]);
  if (k.shape.at(-3) !== v.shape.at(-3)) {
    throw new NnxError(
      `${where}: expected key and value of one length, got ${describe(key)} and ${describe(value)}. The axis before the heads is the length.`,
    );
  }
  const [queries = 0, heads = 0] = q.shape.slice(-3);
  const [keys = 0, valueHeads = 0, depth = 0] = v.shape.slice(-3);
  checkHeads(where, heads, valueHeads, "value");
  const batch = q.shape.slice(0, -3);
  const weights = dotProductAttentionWeights(q, k, options);
  const share = heads / valueHeads;
  const byHead = share === 1 ? [heads] : [valueHeads, share];
  const rows = shaped(weights, [sizeOf(batch), ...byHead, queries, keys]);
  const equations = share === 1 ? PLAIN : SHARED;
  const mixed = contractPair(equations.mixed, rows, oneBatch(v, keys, valueHeads, depth));
  return shaped(mixed, [...batch, queries, heads, depth]);
}

registerFunction("dotProductAttention", dotProductAttention);
