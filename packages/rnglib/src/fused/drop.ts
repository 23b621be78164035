/** @file Draws and applies the masks of Dropout and DropConnect. */
import { cast, type Tensor } from "@tensorflow/tfjs-core";
import { masked } from "@nnxjs/kernels/internal";
import { checkOptions } from "@nnxjs/nnx-core/internal";
import type { PRNGKey } from "../keys/index.ts";
import { bernoulli } from "../random/uniform.ts";

/** `x` as float32. */
const asFloat = (x: Tensor): Tensor => (x.dtype === "float32" ? x : cast(x, "float32"));

const NAMES = { scale: true, maskShape: true } as const;

/** Options of {@link drop}. */
export interface DropOptions {
  /**
   * The factor of kept elements. @defaultValue `1 / (1 - rate)`, rounded as JAX rounds the division
   */
  scale?: number;
  /**
   * The shape of the mask of each key. Axes of size 1 share the mask. With the key's shape in front
   * it must broadcast to the shape of x.
   * @defaultValue x's shape without the key's axes
   */
  maskShape?: readonly number[];
}

/**
 * Zeroes each element with probability `rate` and scales the rest: `where(bernoulli(key, 1 - rate),
 * x * scale, 0)`. The mask equals JAX's bit for bit on every backend. Dropped elements are 0 even
 * where x is NaN. The gradient applies the same mask.
 * @param x - Any shape. int32 and bool are cast to float32, because kept elements are scaled.
 * @param key - One key, or keys of shape `[n, ...]`. In the latter case x has the leading axes `[n,
 * ...]`, and each key masks its part.
 * @param rate - In `[0, 1)`.
 * @see `flax.nnx.Dropout`, Wan et al. 2013 (DropConnect)
 */
export function drop(x: Tensor, key: PRNGKey, rate: number, options: DropOptions = {}): Tensor {
  checkOptions("drop", options, NAMES);
  const keep = 1 - rate;
  const { scale = Math.fround(1 / Math.fround(keep)), maskShape } = options;
  const mask = bernoulli(key, keep, maskShape ?? x.shape.slice(key.shape.length));
  try {
    return masked(asFloat(x), mask, scale);
  } finally {
    // Where a tape records, it has a copy.
    mask.dispose();
  }
}
