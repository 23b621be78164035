/** @file float32 error functions with the polynomials, and so the roundings, of XLA on the CPU. */

const f = Math.fround;
const ERF_CLAMP = f(3.832506856900711);
const ERF_P: readonly number[] = [
  0.00022905065861350646, 0.0034082910107109507, 0.05095569506238086, 0.18520832239976145, 1.128379143519084,
].map(f);
const ERF_Q: readonly number[] = [
  -1.1791602954361697e-7, 0.000023547966471313183, 0.0010179625278914884, 0.014070470171167667,
  0.11098505178285362, 0.49746925110067536, 1,
].map(f);

/**
 * The error function in float32, equal to XLA's on the CPU.
 *
 * @param x - Rounded to float32.
 * @see XLA `codegen/intrinsic/erf.cc`, after Eigen: a rational approximation on a clamped argument.
 */
export function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  const c = Math.max(-ERF_CLAMP, Math.min(ERF_CLAMP, f(x)));
  const c2 = f(c * c);
  return f(f(c * polynomial(ERF_P, c2)) / polynomial(ERF_Q, c2));
}

/** Horner's rule with fused multiply-add: the product of two float32 is exact in a double. */
function polynomial(coefficients: readonly number[], x: number): number {
  let sum = coefficients[0]!;
  for (let i = 1; i < coefficients.length; i++) sum = f(sum * x + coefficients[i]!);
  return sum;
}

const SQRT_HALF = f(0.7071067811865476);
const LN2_HIGH = f(0.693359375);
const LN2_LOW = f(-2.1219444e-4);
const L0 = f(7.0376836292e-2);
const L1 = f(-1.151461031e-1);
const L2 = f(1.167699874e-1);
const L3 = f(-1.2420140846e-1);
const L4 = f(1.4249322787e-1);
const L5 = f(-1.6668057665e-1);
const L6 = f(2.0000714765e-1);
const L7 = f(-2.4999993993e-1);
const L8 = f(3.3333331174e-1);

const bitsOfFloat = new Float32Array(1);
const bitsOfInt = new Int32Array(bitsOfFloat.buffer);

/**
 * The natural logarithm of a positive normal float32, in float32 operations only.
 *
 * @see Moshier, Cephes `logf`; the polynomial is split into even and odd powers, which is shorter for SIMD.
 */
function log(x: number): number {
  bitsOfFloat[0] = x;
  const bits = bitsOfInt[0]!;
  bitsOfInt[0] = (bits & 0x7fffff) | 0x3f000000;
  const m = bitsOfFloat[0]!;
  const small = m < SQRT_HALF;
  const e = (bits >> 23) - 126 - (small ? 1 : 0);
  const r = f(f(m - 1) + (small ? m : 0));
  const z = f(r * r);
  const even = f(f(f(f(f(f(f(f(L0 * z) + L2) * z) + L4) * z) + L6) * z) + L8);
  const odd = f(f(f(f(f(f(L1 * z) + L3) * z) + L5) * z) + L7);
  let y = f(f(f(f(odd * r) + even) * r) * z);
  y = f(y + f(e * LN2_LOW));
  y = f(y - f(z * 0.5));
  return f(f(r + y) + f(e * LN2_HIGH));
}

const CENTRAL: readonly number[] = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 2.1858087e-4, -1.25372503e-3, -4.17768164e-3,
  0.246640727, 1.50140941,
].map(f);
const TAIL: readonly number[] = [
  -2.00214257e-4, 1.00950558e-4, 1.34934322e-3, -3.67342844e-3, 5.73950773e-3, -7.6224613e-3, 9.43887047e-3,
  1.00167406, 2.83297682,
].map(f);

/**
 * The inverse error function in float32, within 3 ulp of XLA's: the same polynomials without fused multiply-add, so
 * that this and the SIMD kernel give the same bits.
 *
 * @param u - In [-1, 1], rounded to float32; ±1 gives ±Infinity, anything outside NaN.
 * @see Giles 2010, "Approximating the erfinv function"; `jax.lax.erf_inv`.
 */
export function erfInv(u: number): number {
  const x = f(u);
  if (!(x > -1 && x < 1)) return x === 1 || x === -1 ? x * Number.POSITIVE_INFINITY : Number.NaN;
  let w = f(-log(f(1 - f(x * x))));
  const central = w < 5;
  w = central ? f(w - 2.5) : f(f(Math.sqrt(w)) - 3);
  const c = central ? CENTRAL : TAIL;
  let p = c[0]!;
  for (let i = 1; i < 9; i++) p = f(f(p * w) + c[i]!);
  return f(p * x);
}
