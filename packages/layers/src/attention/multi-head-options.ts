/** @file What MultiHeadAttention is configured with. */
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

/** What attends, given projected query, key and value. */
export type AttentionFn = (query: Tensor, key: Tensor, value: Tensor, options: AttentionOptions) => Tensor;

/** Options of MultiHeadAttention; the names are Flax's. */
export interface MultiHeadAttentionOptions extends FloatOptions, Pick<ProductOptions, "precision"> {
  /**
   * Whose `params` stream parameters are drawn from, and whose `dropout` stream is forked where
   * dropout needs it.
   */
  rngs: Rngs;
  /** Size of all query heads together; `numHeads` must divide it. @defaultValue inFeatures */
  qkvFeatures?: number | null;
  /** @defaultValue inFeatures */
  outFeatures?: number | null;
  /**
   * Heads of keys and values, which groups of query heads share; must divide `numHeads`.
   * @defaultValue numHeads
   */
  numKvHeads?: number | null;
  /** Features of keys and values. @defaultValue inFeatures */
  inKvFeatures?: number | null;
  /** One dropout mask for all batches and heads. @defaultValue true */
  broadcastDropout?: boolean;
  /** Share of attention weights that are dropped. @defaultValue 0 */
  dropoutRate?: number;
  /** Drop nothing. `null` leaves it to the call. @defaultValue null */
  deterministic?: boolean | null;
  /** @defaultValue lecunNormal() */
  kernelInit?: Initializer;
  /** Of the output's projection. @defaultValue kernelInit */
  outKernelInit?: Initializer | null;
  /** @defaultValue zeros */
  biasInit?: Initializer;
  /** Of the output's projection. @defaultValue biasInit */
  outBiasInit?: Initializer | null;
  /** @defaultValue true */
  useBias?: boolean;
  /** @defaultValue dotProductAttention */
  attentionFn?: AttentionFn;
  /** Look at the cache, one position per call. `null` leaves it to the call. @defaultValue null */
  decode?: boolean | null;
  /** LayerNorm on queries and keys. @defaultValue false */
  normalizeQk?: boolean;
  /** Of the projections of queries, keys and values. */
  qkvPromoteDtype?: PromoteDtype;
  /** Of the output's projection. */
  outPromoteDtype?: PromoteDtype;
  /** Of the norms of queries and keys. */
  lnPromoteDtype?: PromoteDtype;
  /** The product in the projections of queries, keys and values. */
  qkvDotGeneral?: DotGeneral | null;
  /** The product in the output's projection. */
  outDotGeneral?: DotGeneral | null;
  /** Keep a fork of the `dropout` stream where `dropoutRate > 0`. @defaultValue true */
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

/** Options of a call of MultiHeadAttention; they win over the layer's attributes. */
export interface MultiHeadAttentionCallOptions {
  /**
   * 0 or false where a query may not look; broadcastable to `[...batch, heads, queries, keys]`.
   * @defaultValue none
   */
  mask?: Tensor | null;
  /** Drop nothing. @defaultValue the layer's attribute */
  deterministic?: boolean | null;
  /** Where the key for dropout comes from. @defaultValue the layer's own stream */
  rngs?: Rngs | RngStream | null;
  /** Sow the weights as `attention_weights`. @defaultValue false */
  sowWeights?: boolean;
  /** @defaultValue the layer's attribute */
  decode?: boolean | null;
  /** Let each query look at the keys up to its own position only. @defaultValue false */
  isCausal?: boolean;
}

const sizeOrNull = orNull(checkSize);

/** What the options of MultiHeadAttention may be. */
export const ATTENTION_CHECKS: OptionChecks<MultiHeadAttentionOptions> = {
  rngs: checkRngs,
  qkvFeatures: sizeOrNull,
  outFeatures: sizeOrNull,
  numKvHeads: sizeOrNull,
  inKvFeatures: sizeOrNull,
  ...FLOAT_CHECKS,
  precision: PRODUCT_CHECKS.precision,
  broadcastDropout: flag,
  // Checked as a rate.
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

/** What the options of a call may be. */
export const CALL_CHECKS: OptionChecks<MultiHeadAttentionCallOptions> = {
  mask: orNull(checkTensor),
  deterministic: flagOrNull,
  rngs: keySource,
  sowWeights: flag,
  decode: flagOrNull,
  isCausal: flag,
};
