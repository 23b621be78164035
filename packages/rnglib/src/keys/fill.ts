/**
 * @file Fills of a given array from a key's words and a counter: what every sampler is made of. They take raw words so
 * that a caller may fill a buffer piece by piece: `fillX(k0, k1, start, out)` writes what elements
 * `start … start + out.length - 1` of one long array would be.
 */
import {
  plainBernoulli,
  plainBits,
  plainBits64,
  plainMaskScale,
  plainNormal,
  plainUniform,
} from "./plain.ts";

/** Random bits, as many as the elements of `out` have. */
export function fillBits(
  k0: number,
  k1: number,
  start: number,
  out: Uint8Array | Uint16Array | Uint32Array | BigUint64Array,
): void {
  if (out instanceof BigUint64Array) plainBits64(k0, k1, start, out);
  else plainBits(k0, k1, start, out);
}

/** Uniforms in [0, 1). */
export function fillUniform(k0: number, k1: number, start: number, out: Float32Array): void {
  plainUniform(k0, k1, start, out);
}

/** Uniforms in [minval, maxval), both float32 values. XLA contracts `f * d + lo` to one rounding; so do we. */
export function fillUniformRange(
  k0: number,
  k1: number,
  start: number,
  minval: number,
  maxval: number,
  out: Float32Array,
): void {
  fillUniform(k0, k1, start, out);
  if (minval === 0 && maxval === 1) return;
  const d = Math.fround(maxval - minval);
  for (let i = 0; i < out.length; i++) out[i] = Math.max(minval, Math.fround(out[i]! * d + minval));
}

/** Standard normals. */
export function fillNormal(k0: number, k1: number, start: number, out: Float32Array): void {
  plainNormal(k0, k1, start, out);
}

/** 1 with probability `p`, else 0. */
export function fillBernoulli(k0: number, k1: number, start: number, p: number, out: Uint8Array): void {
  plainBernoulli(k0, k1, start, thresholdOf(p), out);
}

/** `source[i] * scale` with probability `p`, else +0; the mask is {@link fillBernoulli}'s. `out` may be `source`. */
export function fillMaskScale(
  k0: number,
  k1: number,
  start: number,
  p: number,
  scale: number,
  source: Float32Array,
  out: Float32Array,
): void {
  plainMaskScale(k0, k1, start, thresholdOf(p), Math.fround(scale), source, out);
}

/** How many of the 2²³ uniforms are below `p`, rounded to float32 first as JAX does. NaN counts as 0. */
export function thresholdOf(p: number): number {
  const rounded = Math.fround(p);
  if (rounded >= 1) return 2 ** 23;
  return rounded > 0 ? Math.ceil(rounded * 2 ** 23) : 0;
}
