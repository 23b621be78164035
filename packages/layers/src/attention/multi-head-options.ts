/** @file The options of MultiHeadAttention, and their checks. */
import type { Metadata } from "@nnxjs/nnx-core";
import type { Initializer, Rngs, RngStream } from "@nnxjs/rnglib";
import { checkTensor } from "@nnxjs/nnx-core/internal";
import {
  DTYPE_CHECKS,
  FLOAT_CHECKS,
  type FloatOptions,
  PRODUCT_CHECKS,
  type ProductOptions,
  type PromoteDtype,
} from "../dtypes.ts";
import type { DotGeneral } from "../linear/dot-general.ts";
import {
  anything,
  checkRngs,
  flag,
  flagOrNull,
  func,
  funcOrNull,
  keySource,
  metadata,
  type OptionChecks,
  orNull,
} from "../options.ts";
import { checkSize } from "../checks.ts";
import type { Tensor } from "@nnxjs/kernels/internal";
import type { AttentionOptions } from "./dot-product.ts";

/** An attention function of projected query, key and value. */
export type AttentionFn = (query: Tensor, key: Tensor, value: Tensor, options: AttentionOptions) => Tensor;

/** Options of MultiHeadAttention; the names are Flax's. */
export interface MultiHeadAttentionOptions extends FloatOptions, Pick<ProductOptions, "precision"> {
  /**
   * A source of keys. Its `params` stream gives the parameters. With dropout, the layer keeps a
   * fork of its `dropout` stream.
   */
  rngs: Rngs;
  /** Size of all query heads together; `numHeads` must divide it. @defaultValue inFeatures */
  qkvFeatures?: number | null;
  /** @defaultValue inFeatures */
  outFeatures?: number | null;
  /**
   * The number of heads of keys and values, which groups of query heads share. It must divide
   * `numHeads`.
   * @defaultValue numHeads
   */
  numKvHeads?: number | null;
  /** Features of keys and values. @defaultValue inFeatures */
  inKvFeatures?: number | null;
  /** Whether all batches and heads share one dropout mask. @defaultValue true */
  broadcastDropout?: boolean;
  /** The share of attention weights to drop. @defaultValue 0 */
  dropoutRate?: number;
  /** Whether to drop nothing. `null` leaves it to the call. @defaultValue null */
  deterministic?: boolean | null;
  /** @defaultValue lecunNormal() */
  kernelInit?: Initializer;
  /** The initializer of the output's kernel. @defaultValue kernelInit */
  outKernelInit?: Initializer | null;
  /** @defaultValue zeros */
  biasInit?: Initializer;
  /** The initializer of the output's bias. @defaultValue biasInit */
  outBiasInit?: Initializer | null;
  /** @defaultValue true */
  useBias?: boolean;
  /** @defaultValue dotProductAttention */
  attentionFn?: AttentionFn;
  /**
   * Whether to use the cache, with one position per call. `null` leaves it to the call.
   * @defaultValue null
   */
  decode?: boolean | null;
  /** Whether to apply LayerNorm to queries and keys. @defaultValue false */
  normalizeQk?: boolean;
  /** The promotion in the projections of queries, keys and values. */
  qkvPromoteDtype?: PromoteDtype;
  /** The promotion in the output's projection. */
  outPromoteDtype?: PromoteDtype;
  /** The promotion in the norms of queries and keys. */
  lnPromoteDtype?: PromoteDtype;
  /** The product in the projections of queries, keys and values. */
  qkvDotGeneral?: DotGeneral | null;
  /** The product in the output's projection. */
  outDotGeneral?: DotGeneral | null;
  /** Whether to keep a fork of the `dropout` stream when `dropoutRate > 0`. @defaultValue true */
  keepRngs?: boolean;
  /** Metadata of the kernels' Params. */
  kernelMetadata?: Metadata;
  /** Metadata of the output kernel's Param. @defaultValue kernelMetadata */
  outKernelMetadata?: Metadata;
  /** Metadata of the biases' Params. */
  biasMetadata?: Metadata;
  /** Metadata of the output bias's Param. @defaultValue biasMetadata */
  outBiasMetadata?: Metadata;
  /** Metadata of the Param that scales queries. */
  queryLnScaleMetadata?: Metadata;
  /** Metadata of the Param that scales keys. */
  keyLnScaleMetadata?: Metadata;
}

/** Options of a call of MultiHeadAttention; they take precedence over the layer's attributes. */
export interface MultiHeadAttentionCallOptions {
  /**
   * 0 or false where a query may not attend to a key; broadcastable to `[...batch, heads, queries,
   * keys]`.
   * @defaultValue none
   */
  mask?: Tensor | null | undefined;
  /** Whether to drop nothing. @defaultValue the layer's attribute */
  deterministic?: boolean | null | undefined;
  /** Gives the key for dropout. @defaultValue the layer's own stream */
  rngs?: Rngs | RngStream | null | undefined;
  /** Whether to sow the weights as `attention_weights`. @defaultValue false */
  sowWeights?: boolean | undefined;
  /** @defaultValue the layer's attribute */
  decode?: boolean | null | undefined;
  /** Whether each query attends only to keys up to its own position. @defaultValue false */
  isCausal?: boolean | undefined;
}

const sizeOrNull = orNull(checkSize);

/** Checks of the options of MultiHeadAttention. */
export const ATTENTION_CHECKS: OptionChecks<MultiHeadAttentionOptions> = {
  rngs: checkRngs,
  qkvFeatures: sizeOrNull,
  outFeatures: sizeOrNull,
  numKvHeads: sizeOrNull,
  inKvFeatures: sizeOrNull,
  ...FLOAT_CHECKS,
  precision: PRODUCT_CHECKS.precision,
  broadcastDropout: flag,
  // `checkRate` checks it.
  dropoutRate: anything,
  deterministic: flagOrNull,
  kernelInit: func,
  outKernelInit: funcOrNull,
  biasInit: func,
  outBiasInit: funcOrNull,
  useBias: flag,
  attentionFn: func,
  decode: flagOrNull,
  normalizeQk: flag,
  qkvPromoteDtype: DTYPE_CHECKS.promoteDtype,
  outPromoteDtype: DTYPE_CHECKS.promoteDtype,
  lnPromoteDtype: DTYPE_CHECKS.promoteDtype,
  qkvDotGeneral: funcOrNull,
  outDotGeneral: funcOrNull,
  keepRngs: flag,
  kernelMetadata: metadata,
  outKernelMetadata: metadata,
  biasMetadata: metadata,
  outBiasMetadata: metadata,
  queryLnScaleMetadata: metadata,
  keyLnScaleMetadata: metadata,
};

/** Checks of the options of a call. */
export const CALL_CHECKS: OptionChecks<MultiHeadAttentionCallOptions> = {
  mask: orNull(checkTensor),
  deterministic: flagOrNull,
  rngs: keySource,
  sowWeights: flag,
  decode: flagOrNull,
  isCausal: flag,
};
