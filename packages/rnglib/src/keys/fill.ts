/**
 * @file Fills an array from the words of a key and a counter. Every sampler is made of these. They
 * take raw words, so that a caller can fill a buffer piece by piece: `fillX(k0, k1, start, out)`
 * writes elements `start … start + out.length - 1` of one long array. Long fills run in kernels.
 */
import {
  plainBernoulli,
  plainBits,
  plainBits64,
  plainMaskScale,
  plainNormal,
  plainProbit,
  plainUniform,
} from "./plain.ts";
import {
  kernelBernoulli,
  kernelBits,
  kernelMaskScale,
  kernelNormal,
  kernelProbit,
  kernelUniform,
  SMALLEST,
} from "./wasm/kernels.ts";

const ALWAYS = 2 ** 23;
/** The smallest normal float32, `finfo(float32).tiny`. */
export const TINY: number = 2 ** -126;
const FLUSHED_BELOW = TINY * 2 ** 24;

/**
 * Flushes numbers below the smallest normal number to a zero of the same sign, as XLA sets the CPU
 * to do.
 */
export const flush = (x: number): number => (Math.abs(x) < TINY ? x * 0 : x);

/** Random bits, as many as each element of `out` has. */
export function fillBits(
  k0: number,
  k1: number,
  start: number,
  out: Uint8Array | Uint16Array | Uint32Array | BigUint64Array,
): void {
  if (out instanceof BigUint64Array) plainBits64(k0, k1, start, out);
  else if (out.length < SMALLEST || !kernelBits(k0, k1, start, out)) plainBits(k0, k1, start, out);
}

/** Uniforms in [0, 1). */
export function fillUniform(k0: number, k1: number, start: number, out: Float32Array): void {
  if (out.length < SMALLEST || !kernelUniform(k0, k1, start, out)) plainUniform(k0, k1, start, out);
}

/**
 * Uniforms in [minval, maxval), both float32 values. XLA contracts `f * d + lo` to one rounding and
 * flushes results below the smallest normal number to 0; this does the same.
 */
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
  const low = flush(minval);
  const d = flush(Math.fround(flush(maxval) - low));
  for (let i = 0; i < out.length; i++) out[i] = Math.max(low, Math.fround(out[i]! * d + low));
  // Steps are 2⁻²³·d. They are below the smallest normal number only if d is tiny.
  if (Math.abs(d) < FLUSHED_BELOW) for (let i = 0; i < out.length; i++) out[i] = flush(out[i]!);
}

/** Standard normals. */
export function fillNormal(k0: number, k1: number, start: number, out: Float32Array): void {
  if (out.length < SMALLEST || !kernelNormal(k0, k1, start, out)) plainNormal(k0, k1, start, out);
}

/** Replaces each u in [-1, 1] by √2·erfInv(u), the normal quantile of (u + 1) / 2. */
export function probit(values: Float32Array): void {
  if (values.length < SMALLEST || !kernelProbit(values)) plainProbit(values);
}

/** 1 with probability `p`, else 0. */
export function fillBernoulli(k0: number, k1: number, start: number, p: number, out: Uint8Array): void {
  const threshold = thresholdOf(p);
  if (threshold === 0 || threshold === ALWAYS) out.fill(threshold === 0 ? 0 : 1);
  else if (out.length < SMALLEST || !kernelBernoulli(k0, k1, start, threshold, out)) {
    plainBernoulli(k0, k1, start, threshold, out);
  }
}

/**
 * `source[i] * scale` with probability `p`, else +0, with the mask of {@link fillBernoulli}. `out`
 * may be `source`.
 */
export function fillMaskScale(
  k0: number,
  k1: number,
  start: number,
  p: number,
  scale: number,
  source: Float32Array,
  out: Float32Array,
): void {
  const threshold = thresholdOf(p);
  const factor = Math.fround(scale);
  if (threshold === 0) out.fill(0);
  else if (threshold === ALWAYS) for (let i = 0; i < out.length; i++) out[i] = source[i]! * factor;
  else if (out.length < SMALLEST || !kernelMaskScale(k0, k1, start, threshold, factor, source, out)) {
    plainMaskScale(k0, k1, start, threshold, factor, source, out);
  }
}

/**
 * How many of the 2²³ uniforms are below `p`. Like in JAX, `p` is rounded to float32 first, and NaN
 * and subnormal numbers count as 0.
 */
export function thresholdOf(p: number): number {
  const rounded = Math.fround(p);
  if (rounded >= 1) return ALWAYS;
  return rounded >= TINY ? Math.ceil(rounded * ALWAYS) : 0;
}
