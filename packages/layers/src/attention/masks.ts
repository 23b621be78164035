/** @file Masks: which query may attend to which key. */
import { NnxError } from "@nnxjs/nnx-core";
import { checkTensor, describe } from "@nnxjs/nnx-core/internal";
import { checkGiven, count, func, oneOf, type OptionChecks } from "../options.ts";
import {
  broadcastTo,
  cast,
  expandDims,
  greaterEqual,
  logicalAnd,
  mul,
  reshape,
  type Tensor,
  tensorOf,
} from "@nnxjs/kernels/internal";

/** The dtypes of masks: numbers 1 and 0, or true and false. */
export type MaskDtype = "float32" | "int32" | "bool";

/** Options of masks; the names are Flax's. */
export interface MaskOptions {
  /** The number of leading axes of size 1. @defaultValue 0 */
  extraBatchDims?: number;
  /** @defaultValue "float32" */
  dtype?: MaskDtype;
}

/** Options of {@link makeAttentionMask}. */
export interface AttentionMaskOptions extends MaskOptions {
  /**
   * Combines a query and a key, which both broadcast to `[..., queries, keys]`.
   * @defaultValue their product
   */
  pairwiseFn?: (query: Tensor, key: Tensor) => Tensor;
}

const dtypes = oneOf("float32", "int32", "bool");
const MASK_CHECKS: OptionChecks<MaskOptions> = { extraBatchDims: count, dtype: dtypes };
const PAIR_CHECKS: OptionChecks<AttentionMaskOptions> = { ...MASK_CHECKS, pairwiseFn: func };
const COMBINE_CHECKS: OptionChecks<{ dtype?: MaskDtype }> = { dtype: dtypes };

const asBool = (mask: Tensor): Tensor => (mask.dtype === "bool" ? mask : cast(mask, "bool"));

/**
 * A mask from one number for each query and key, such as 1 for tokens and 0 for padding.
 * @param queryInput - `[...batch, queries]`
 * @param keyInput - `[...batch, keys]`
 * @returns `[...batch, 1, queries, keys]`, 1 where the query may attend to the key.
 * @throws NnxError for inputs whose axes do not fit, or options that are not known.
 * @see Flax `nnx.make_attention_mask`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const tokens = tf.tensor2d([[1, 1, 0]]);
 * const mask = nnx.makeAttentionMask(tokens, tokens); // [1, 1, 3, 3]
 * ```
 */
export function makeAttentionMask(
  queryInput: Tensor,
  keyInput: Tensor,
  options: AttentionMaskOptions = {},
): Tensor {
  const where = "makeAttentionMask";
  checkGiven(where, options, PAIR_CHECKS);
  const { pairwiseFn = mul, extraBatchDims = 0, dtype = "float32" } = options;
  checkTensor(where, "queryInput", queryInput);
  checkTensor(where, "keyInput", keyInput);
  const batches = [queryInput, keyInput].map((x) => x.shape.slice(0, -1));
  if (queryInput.rank === 0 || keyInput.rank === 0 || !stretch(batches)) {
    throw new NnxError(
      `${where}: expected inputs of shape [...batch, length] whose batch axes broadcast, got ${describe(queryInput)} and ${describe(keyInput)}. Give both the same batch axes.`,
    );
  }
  const pairs = pairwiseFn(expandDims(queryInput, -1), expandDims(keyInput, -2));
  const [batch, rest] = [pairs.shape.slice(0, -2), pairs.shape.slice(-2)];
  const shape = [...Array.from({ length: extraBatchDims }, () => 1), ...batch, 1, ...rest];
  const mask = reshape(pairs, shape);
  return mask.dtype === dtype ? mask : cast(mask, dtype);
}

/**
 * A mask with which each position attends to itself and earlier positions.
 * @param x - `[...batch, length]`. Only its shape matters.
 * @returns `[...batch, 1, length, length]`
 * @throws NnxError for a tensor without axes, or options that are not known.
 * @see Flax `nnx.make_causal_mask`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const mask = nnx.makeCausalMask(tf.ones([1, 4])); // [1, 1, 4, 4], lower triangular
 * ```
 */
export function makeCausalMask(x: Tensor, options: MaskOptions = {}): Tensor {
  checkTensor("makeCausalMask", "x", x);
  checkGiven("makeCausalMask", options, MASK_CHECKS);
  if (x.rank === 0)
    throw new NnxError(
      `makeCausalMask: expected x of shape [...batch, length], got ${describe(x)}. Pass the tokens, say, not what is made of them.`,
    );
  const positions = Array.from({ length: x.shape.at(-1) as number }, (_, i) => i);
  const ids = broadcastTo(tensorOf(positions, [positions.length], "int32"), x.shape);
  return makeAttentionMask(ids, ids, { ...options, pairwiseFn: greaterEqual });
}

/**
 * A mask that is true where all masks are true. `null` when every mask is `null`.
 * @param masks - Masks of the same rank, broadcastable. `null` means no mask.
 * @throws NnxError when their ranks differ.
 * @see Flax `nnx.combine_masks`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const mask = nnx.combineMasks([nnx.makeCausalMask(tf.ones([1, 4])), null]);
 * ```
 */
export function combineMasks(
  masks: readonly (Tensor | null | undefined)[],
  options: { dtype?: MaskDtype } = {},
): Tensor | null {
  if (!Array.isArray(masks)) {
    throw new NnxError(
      `combineMasks: expected a list of masks, got ${describe(masks)}. Write [first, second].`,
    );
  }
  checkGiven("combineMasks", options, COMBINE_CHECKS);
  const { dtype = "float32" } = options;
  const given = masks.filter((mask) => mask !== null && mask !== undefined);
  given.forEach((mask, i) => {
    checkTensor("combineMasks", `masks[${i}]`, mask);
  });
  const [first, ...others] = given;
  if (!first) return null;
  const other = others.find((mask) => mask.rank !== first.rank);
  if (other) {
    throw new NnxError(
      `combineMasks: expected masks of one rank, got ${given.map(describe).join(" and ")}. Add axes of size 1 where they are missing.`,
    );
  }
  if (!stretch(given.map((mask) => mask.shape))) {
    throw new NnxError(
      `combineMasks: expected masks that broadcast to one shape, got ${given.map(describe).join(" and ")}. Axes count from the last.`,
    );
  }
  return cast(
    others.reduce((all, mask) => logicalAnd(all, asBool(mask)), asBool(first)),
    dtype,
  );
}

/** The mask of {@link makeCausalMask} for queries and keys of these lengths, bool. */
export function causalMask(queries: number, keys: number): Tensor {
  const values = Array.from({ length: queries * keys }, (_, i) => Number(i % keys <= Math.floor(i / keys)));
  return tensorOf(values, [queries, keys], "bool");
}

/**
 * Whether shapes broadcast to one shape: counted from the last, the sizes of each axis are equal or
 * 1.
 */
function stretch(shapes: readonly (readonly number[])[]): boolean {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) => i + 1).every(
    (fromEnd) => new Set(shapes.map((shape) => shape.at(-fromEnd) ?? 1).filter((n) => n !== 1)).size <= 1,
  );
}
