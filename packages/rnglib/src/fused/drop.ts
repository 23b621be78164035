/**
 * @file The masks of Dropout and DropConnect, drawn and applied in one pass, forward and backward.
 */
import { cast, type Tensor } from "@tensorflow/tfjs-core";
import { fuse } from "@nnxjs/kernels/internal";
import { checkOptions } from "@nnxjs/nnx-core/internal";
import { maskScale, type PRNGKey } from "../keys/index.ts";
import { bernoulli } from "../random/uniform.ts";
import { scaleWhere, selfAdjoint } from "./self-adjoint.ts";

/** `x` as float32. */
const asFloat = (x: Tensor): Tensor => (x.dtype === "float32" ? x : cast(x, "float32"));

const NAMES = { scale: true, maskShape: true } as const;

/** How {@link drop} masks. */
export interface DropOptions {
  /** Factor of what is kept. @defaultValue `1 / (1 - rate)`, rounded as JAX rounds the division */
  scale?: number;
  /**
   * The shape of the mask of each key, where it is to be shared along some axes; with the key's
   * shape in front it must broadcast to x's.
   * @defaultValue x's shape, less the key's
   */
  maskShape?: readonly number[];
}

/**
 * Zeroes each element with probability `rate` and scales the rest:
 * `where(bernoulli(key, 1 - rate), x * scale, 0)`. The mask equals JAX's bit for bit on every
 * backend; dropped elements are 0 even where x is NaN. The gradient is the same mask on the
 * upstream gradient, drawn again from the key rather than stored.
 * @param x - Any shape; int32 and bool are taken as float32, since what is kept is scaled.
 * @param key - One key, or keys of shape `[n, ...]` that each mask their part of x, whose leading
 * axes are then `[n, ...]`.
 * @param rate - In `[0, 1)`.
 * @see `flax.nnx.Dropout`, Wan et al. 2013 (DropConnect)
 */
export function drop(x: Tensor, key: PRNGKey, rate: number, options: DropOptions = {}): Tensor {
  checkOptions("drop", options, NAMES);
  const keep = 1 - rate;
  const { scale = Math.fround(1 / Math.fround(keep)), maskShape } = options;
  const shared = maskShape !== undefined && String([...key.shape, ...maskShape]) !== String(x.shape);
  return selfAdjoint(asFloat(x), (values) => {
    const fused = shared ? undefined : fuse([values], [values.shape], maskInto(key, keep, scale));
    return (
      fused?.[0] ??
      scaleWhere(bernoulli(key, keep, maskShape ?? values.shape.slice(key.shape.length)), values, scale)
    );
  });
}

const maskInto =
  (key: PRNGKey, keep: number, scale: number) =>
  ([source]: readonly Float32Array[], [out]: readonly Float32Array[]): void => {
    if (source && out) maskScale(key, keep, source, { scale, out });
  };
