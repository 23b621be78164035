/** @file Attention with learned projections and several heads. */
import { registerModule, Cache, type ModeValues, Module, NnxError } from "@nnxjs/nnx-core";
import { checkTensor, describe } from "@nnxjs/nnx-core/internal";
import { type PRNGKey, Rngs, type RngStream } from "@nnxjs/rnglib";
import { checkFeatures, checkSize, checkSizes, listOf } from "../checks.ts";
import { checkFloat, dtypesOf, type FloatDtype, type Precision } from "../dtypes.ts";
import { checkParams, LinearGeneral } from "../linear/linear-general.ts";
import { checkScale } from "../norm/affine.ts";
import { LayerNorm } from "../norm/layer-norm.ts";
import { checkGiven, checkLayerOptions, given } from "../options.ts";
import { allOrNothing } from "../params.ts";
import {
  checkRate,
  keepingCount,
  MissingRngError,
  resolveDeterministic,
} from "../stochastic/call-options.ts";
import { isTensor, scalar, type Tensor, zeros } from "@nnxjs/kernels/internal";
import { checkCache, remember } from "./decode.ts";
import { dotProductAttention } from "./dot-product.ts";
import {
  ATTENTION_CHECKS,
  type AttentionFn,
  CALL_CHECKS,
  type MultiHeadAttentionCallOptions,
  type MultiHeadAttentionOptions,
} from "./multi-head-options.ts";

const NAME = "MultiHeadAttention";

/**
 * Projects inputs to queries, keys and values of several heads, attends, and projects the results
 * of the heads to the output. With `decode` it computes one position per call and caches the keys
 * and values of earlier positions.
 * @see Flax `nnx.MultiHeadAttention`; Vaswani et al. 2017, https://arxiv.org/abs/1706.03762
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const layer = new nnx.MultiHeadAttention(8, 64, { decode: false, rngs: new nnx.Rngs(0) });
 * const x = tf.ones([2, 10, 64]);
 * const y = layer.forward(x); // [2, 10, 64]
 * const masked = layer.forward(x, { mask: nnx.makeCausalMask(tf.ones([2, 10])) });
 * ```
 */
export class MultiHeadAttention extends Module {
  /** What each mode does, for `viewInfo`. */
  static readonly modes: Readonly<Record<string, string>> = {
    deterministic: "Drop no attention weights.",
    decode: "Compute one position per call, with the cache.",
    masks: '"batch": all rows and heads share one mask (broadcastDropout). "example": each has its own.',
  };

  readonly query: LinearGeneral;
  readonly key: LinearGeneral;
  readonly value: LinearGeneral;
  /** Set with `normalizeQk`. Named as in Flax's State. */
  readonly query_ln: LayerNorm | null;
  /** Set with `normalizeQk`. Named as in Flax's State. */
  readonly key_ln: LayerNorm | null;
  // Assigned last because it is drawn last: `ensemble` draws a model again in the order of its
  // attributes.
  readonly out: LinearGeneral;
  /**
   * `[...batch, maxLength, numKvHeads, headDim]` after {@link initCache}. Named as in Flax's State.
   */
  cached_key: Cache<Tensor> | null;
  /** Shaped like `cached_key`. */
  cached_value: Cache<Tensor> | null;
  /** The number of positions in the cache; an int32 scalar. */
  cache_index: Cache<Tensor> | null;
  /** Gives the keys of dropout. */
  readonly rngs: RngStream | null;
  readonly numHeads: number;
  readonly inFeatures: number;
  readonly qkvFeatures: number;
  readonly outFeatures: number;
  readonly numKvHeads: number;
  readonly inKvFeatures: number;
  readonly headDim: number;
  readonly dtype: FloatDtype | null;
  readonly paramDtype: FloatDtype;
  broadcastDropout: boolean;
  readonly dropoutRate: number;
  deterministic: boolean | null;
  readonly precision: Precision;
  readonly useBias: boolean;
  readonly attentionFn: AttentionFn;
  decode: boolean | null;
  readonly normalizeQk: boolean;

  /**
   * @throws NnxError for invalid sizes, heads or dtypes, RangeError for a rate outside `[0, 1]`.
   */
  constructor(numHeads: number, inFeatures: number, options: MultiHeadAttentionOptions) {
    super();
    checkLayerOptions(NAME, options, ATTENTION_CHECKS);
    const { rngs, useBias = true, dropoutRate = 0, keepRngs = true } = options;
    const { dtype, paramDtype, precision } = dtypesOf(options);
    checkSize(NAME, "numHeads", numHeads);
    checkSize(NAME, "inFeatures", inFeatures);
    checkRate(NAME, dropoutRate);
    this.numHeads = numHeads;
    this.inFeatures = inFeatures;
    this.qkvFeatures = options.qkvFeatures ?? inFeatures;
    this.outFeatures = options.outFeatures ?? inFeatures;
    this.numKvHeads = options.numKvHeads ?? numHeads;
    this.inKvFeatures = options.inKvFeatures ?? inFeatures;
    checkDivides("numKvHeads", this.numKvHeads, "numHeads", numHeads);
    checkDivides("numHeads", numHeads, "qkvFeatures", this.qkvFeatures);
    this.headDim = this.qkvFeatures / numHeads;
    this.dtype = dtype;
    this.paramDtype = paramDtype;
    this.broadcastDropout = options.broadcastDropout ?? true;
    this.dropoutRate = dropoutRate;
    this.deterministic = options.deterministic ?? null;
    this.precision = precision;
    this.useBias = useBias;
    this.attentionFn = options.attentionFn ?? dotProductAttention;
    this.decode = options.decode ?? null;
    this.normalizeQk = options.normalizeQk ?? false;
    const { kernelInit, biasInit, kernelMetadata, biasMetadata } = options;
    const shared = { rngs, dtype, paramDtype, precision, useBias };
    const projection = {
      ...shared,
      ...given({ kernelInit, biasInit, kernelMetadata, biasMetadata }),
      ...given({ promoteDtype: options.qkvPromoteDtype, dotGeneral: options.qkvDotGeneral }),
    };
    const make = allOrNothing();
    const project = (features: number, heads: number): LinearGeneral =>
      make(() => new LinearGeneral(features, [heads, this.headDim], projection));
    this.query = project(inFeatures, numHeads);
    this.key = project(this.inKvFeatures, this.numKvHeads);
    this.value = project(this.inKvFeatures, this.numKvHeads);
    const normalized = {
      rngs,
      dtype,
      paramDtype,
      useBias: false,
      ...given({ promoteDtype: options.lnPromoteDtype }),
    };
    const norm = (scaleMetadata = {}): LayerNorm | null =>
      this.normalizeQk ? make(() => new LayerNorm(this.headDim, { ...normalized, scaleMetadata })) : null;
    this.query_ln = norm(options.queryLnScaleMetadata);
    this.key_ln = norm(options.keyLnScaleMetadata);
    const output = {
      ...shared,
      ...given({
        kernelInit: options.outKernelInit ?? kernelInit,
        biasInit: options.outBiasInit ?? biasInit,
        kernelMetadata: options.outKernelMetadata ?? kernelMetadata,
        biasMetadata: options.outBiasMetadata ?? biasMetadata,
      }),
      ...given({ promoteDtype: options.outPromoteDtype, dotGeneral: options.outDotGeneral }),
      axis: [-2, -1],
    };
    this.out = make(() => new LinearGeneral([numHeads, this.headDim], this.outFeatures, output));
    this.rngs = make(() => (keepRngs && dropoutRate > 0 ? rngs.stream("dropout").fork() : null));
    this.cached_key = null;
    this.cached_value = null;
    this.cache_index = null;
  }

  /**
   * @param inputsQ - `[...batch, queries, inFeatures]`
   * @param inputsK - `[...batch, keys, inKvFeatures]`. @defaultValue `inputsQ`
   * @param inputsV - `[...batch, keys, inKvFeatures]`. @defaultValue `inputsK`
   * @returns `[...batch, queries, outFeatures]`
   * @throws NnxError when sizes do not fit, when neither call nor layer sets `decode`, or when the
   * cache is missing, full or of another shape; {@link MissingRngError} when dropout needs a key
   * and there is no stream.
   */
  forward<T extends Tensor>(inputsQ: T, options?: MultiHeadAttentionCallOptions): T;
  forward<T extends Tensor>(inputsQ: T, inputsK: Tensor, options?: MultiHeadAttentionCallOptions): T;
  forward<T extends Tensor>(
    inputsQ: T,
    inputsK: Tensor,
    inputsV: Tensor,
    options?: MultiHeadAttentionCallOptions,
  ): T;
  forward(inputsQ: Tensor, ...rest: readonly (Tensor | MultiHeadAttentionCallOptions | undefined)[]): Tensor {
    const where = `${NAME}.forward`;
    const [inputsK = inputsQ, inputsV = inputsK] = rest.filter((item): item is Tensor => isTensor(item));
    const given = rest.find(
      (item): item is MultiHeadAttentionCallOptions => item !== undefined && !isTensor(item),
    );
    checkTensor(where, "inputsQ", inputsQ);
    checkGiven(where, given, CALL_CHECKS);
    const options = given ?? {};
    checkFeatures(where, inputsQ, this.inFeatures, "inputsQ");
    checkFeatures(where, inputsK, this.inKvFeatures, "inputsK");
    checkFeatures(where, inputsV, this.inKvFeatures, "inputsV");
    // Check before the cache is written and a key is drawn, so that a refused call changes neither.
    checkParts(where, this);
    const decoding = resolveDecode(options.decode, this.decode);
    const dropping =
      this.dropoutRate > 0 && !resolveDeterministic(NAME, options.deterministic, this.deterministic);
    const projected = this.query.forward(inputsQ);
    const query = this.query_ln?.forward(projected) ?? projected;
    const projectedKey = this.key.forward(inputsK);
    const key = this.key_ln?.forward(projectedKey) ?? projectedKey;
    const value = this.value.forward(inputsV);
    const known = decoding
      ? remember(where, this, key, value, options.mask ?? null)
      : { key, value, mask: options.mask ?? null };
    const attended = keepingCount(this.rngs, () =>
      this.attentionFn(query, known.key, known.value, {
        mask: known.mask,
        dropoutRng: dropping ? dropoutKey(options.rngs ?? this.rngs) : null,
        dropoutRate: this.dropoutRate,
        broadcastDropout: this.broadcastDropout,
        deterministic: !dropping,
        dtype: this.dtype,
        precision: this.precision,
        module: options.sowWeights ? this : null,
        isCausal: options.isCausal ?? false,
      }),
    );
    known.write?.();
    return this.out.forward(attended);
  }

  /**
   * Makes an empty cache for decoding, or empties the one that is there.
   * @param inputShape - `[...batch, maxLength, features]`
   * @see Flax `MultiHeadAttention.init_cache`
   */
  initCache(inputShape: readonly number[], dtype: FloatDtype = "float32"): void {
    const where = `${NAME}.initCache`;
    checkFloat(where, "dtype", dtype);
    checkSizes(where, "inputShape", listOf(where, "inputShape", inputShape));
    const shape = [...inputShape.slice(0, -1), this.numKvHeads, this.headDim];
    this.cached_key = emptied(this.cached_key, zeros(shape));
    this.cached_value = emptied(this.cached_value, zeros(shape));
    this.cache_index = emptied(this.cache_index, scalar(0, "int32"));
  }

  /** Sets the modes that this layer has, and returns the others. */
  setMode({ deterministic, decode, masks, ...rest }: ModeValues): ModeValues {
    if (typeof deterministic === "boolean") this.deterministic = deterministic;
    if (masks === "batch" || masks === "example") this.broadcastDropout = masks === "batch";
    if (typeof decode === "boolean") this.decode = decode;
    return rest;
  }
}

/** The same Variable where there is one, so that recorded functions that empty a cache are replayed. */
function emptied(former: Cache<Tensor> | null, value: Tensor): Cache<Tensor> {
  if (!former || former.isDisposed) return new Cache<Tensor>(value);
  former.value = value;
  return former;
}

/** @throws NnxError unless all parameters and the cache have their original shapes. */
function checkParts(where: string, layer: MultiHeadAttention): void {
  for (const part of ["query", "key", "value", "out"] as const) checkParams(layer[part], where, `${part}.`);
  if (layer.query_ln) checkScale(where, layer.query_ln, "query_ln.");
  if (layer.key_ln) checkScale(where, layer.key_ln, "key_ln.");
  checkCache(where, layer);
}

function dropoutKey(source: Rngs | RngStream | null): PRNGKey {
  if (source === null) throw new MissingRngError(NAME);
  return source instanceof Rngs ? source.nextKey("dropout") : source.nextKey();
}

function checkDivides(name: string, divisor: number, whole: string, size: number): void {
  if (Number.isInteger(divisor) && divisor > 0 && size % divisor === 0) return;
  throw new NnxError(
    `${NAME}: expected ${name} to divide ${whole}, got ${divisor} and ${size}. Each head takes an equal part.`,
  );
}

function resolveDecode(call: boolean | null | undefined, own: boolean | null): boolean {
  const decode = call ?? own;
  if (typeof decode === "boolean") return decode;
  throw new NnxError(
    `${NAME}.forward: expected decode to be true or false, got ${describe(decode)}. Set it at construction, or pass { decode } to forward.`,
  );
}

registerModule("MultiHeadAttention", MultiHeadAttention);
