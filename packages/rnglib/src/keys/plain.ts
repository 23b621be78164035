/**
 * @file The fills in plain TypeScript: used without WebAssembly SIMD and for short arrays, and as
 * the reference for the kernels. Element i depends on the counter `start + i` and not on the
 * length, so a prefix of a fill is a fill.
 */
import { erfInv } from "./erf.ts";
import { threefry2x32 } from "./threefry.ts";

const pair = new Uint32Array(2);
const TWO32 = 2 ** 32;
const SQRT2 = Math.fround(Math.SQRT2);
const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** `nextafter(-1, 0)` in float32: the lower bound of the uniforms from which normals are made. */
const ALMOST_MINUS_ONE: number = -(1 - 2 ** -24);

/** The 32 random bits of a counter, as an unsigned number. */
function word(k0: number, k1: number, hi: number, lo: number): number {
  threefry2x32(k0, k1, hi, lo, pair, 0);
  return (pair[0]! ^ pair[1]!) >>> 0;
}

/** The upper word of a counter, which is a safe integer. The lower word is `counter | 0`. */
const upper = (counter: number): number => Math.floor(counter / TWO32) | 0;

/** Random bits. Narrower arrays take the low bits of the same 32. */
export function plainBits(
  k0: number,
  k1: number,
  start: number,
  out: Uint32Array | Uint16Array | Uint8Array,
): void {
  for (
    let i = 0, hi = upper(start), lo = start | 0;
    i < out.length;
    i++, lo = (lo + 1) | 0, hi += lo === 0 ? 1 : 0
  ) {
    out[i] = word(k0, k1, hi, lo);
  }
}

/** Random 64-bit words: both words of the hash, the first one high. */
export function plainBits64(k0: number, k1: number, start: number, out: BigUint64Array): void {
  const words = new Uint32Array(out.buffer, out.byteOffset, 2 * out.length);
  for (
    let i = 0, hi = upper(start), lo = start | 0;
    i < out.length;
    i++, lo = (lo + 1) | 0, hi += lo === 0 ? 1 : 0
  ) {
    threefry2x32(k0, k1, hi, lo, pair, 0);
    words[2 * i] = pair[LITTLE_ENDIAN ? 1 : 0]!;
    words[2 * i + 1] = pair[LITTLE_ENDIAN ? 0 : 1]!;
  }
}

/** Uniforms in [0, 1), multiples of 2⁻²³. */
export function plainUniform(k0: number, k1: number, start: number, out: Float32Array): void {
  for (
    let i = 0, hi = upper(start), lo = start | 0;
    i < out.length;
    i++, lo = (lo + 1) | 0, hi += lo === 0 ? 1 : 0
  ) {
    out[i] = (word(k0, k1, hi, lo) >>> 9) * 2 ** -23;
  }
}

/** Standard normals. */
export function plainNormal(k0: number, k1: number, start: number, out: Float32Array): void {
  for (
    let i = 0, hi = upper(start), lo = start | 0;
    i < out.length;
    i++, lo = (lo + 1) | 0, hi += lo === 0 ? 1 : 0
  ) {
    const u = (word(k0, k1, hi, lo) >>> 9) * 2 ** -22 + ALMOST_MINUS_ONE;
    out[i] = SQRT2 * erfInv(u);
  }
}

/** Replaces each u in [-1, 1] by √2·erfInv(u). */
export function plainProbit(values: Float32Array): void {
  for (let i = 0; i < values.length; i++) values[i] = SQRT2 * erfInv(values[i]!);
}

/** 1 where the uniform of the same counter is below `threshold`·2⁻²³, else 0. */
export function plainBernoulli(
  k0: number,
  k1: number,
  start: number,
  threshold: number,
  out: Uint8Array,
): void {
  for (
    let i = 0, hi = upper(start), lo = start | 0;
    i < out.length;
    i++, lo = (lo + 1) | 0, hi += lo === 0 ? 1 : 0
  ) {
    out[i] = word(k0, k1, hi, lo) >>> 9 < threshold ? 1 : 0;
  }
}

/** `source[i] * scale` where {@link plainBernoulli} gives 1, else +0. `out` may be `source`. */
export function plainMaskScale(
  k0: number,
  k1: number,
  start: number,
  threshold: number,
  scale: number,
  source: Float32Array,
  out: Float32Array,
): void {
  for (
    let i = 0, hi = upper(start), lo = start | 0;
    i < out.length;
    i++, lo = (lo + 1) | 0, hi += lo === 0 ? 1 : 0
  ) {
    out[i] = word(k0, k1, hi, lo) >>> 9 < threshold ? source[i]! * scale : 0;
  }
}
