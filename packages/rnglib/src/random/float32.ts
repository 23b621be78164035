/**
 * @file Elementary functions in float32 with the roundings of XLA on the CPU. The roundings were
 * found by comparison with XLA's results: the same Cephes polynomials, contracted to fused
 * multiply-add where XLA's compiler does. These functions decide which values a sampler accepts, so
 * every ulp matters.
 *
 * `f(a * b + c)` is a fused multiply-add, because the product of two float32 is exact in a double.
 */
import { flush, TINY } from "../keys/fill.ts";

export { flush, TINY };

const f = Math.fround;
const floats = new Float32Array(1);
const ints = new Int32Array(floats.buffer);

/** `finfo(float32).eps`. */
export const EPSILON: number = 2 ** -23;

const LOG: readonly number[] = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
].map(f);
const LN2_LOW = f(-2.1219444e-4);
const LN2_HIGH = f(0.693359375);
const SQRT_HALF = f(Math.SQRT1_2);

/** Natural logarithm. @see Moshier, Cephes `logf` */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  floats[0] = Math.max(x, TINY);
  const bits = ints[0]!;
  ints[0] = (bits & 0x7fffff) | 0x3f000000;
  const m = floats[0];
  const small = m < SQRT_HALF;
  const e = (bits >>> 23) - 126 - (small ? 1 : 0);
  const r = f(f(m - 1) + (small ? m : 0));
  const r2 = f(r * r);
  const r3 = f(r2 * r);
  const high = f(f(r * LOG[0]! + LOG[1]!) * r + LOG[2]!);
  const middle = f(f(r * LOG[3]! + LOG[4]!) * r + LOG[5]!);
  const low = f(f(r * LOG[6]! + LOG[7]!) * r + LOG[8]!);
  const y = f(f(f(high * r3 + middle) * r3 + low) * r3 + f(LN2_LOW * e));
  return f(LN2_HIGH * e + f(f(r - 0.5 * r2) + y));
}

const LOG1P_TOP: readonly number[] = [
  4.52700008624452e-5, 0.49854102823193375, 6.578732594206104, 29.911919328553072, 60.94966798098779,
  57.11296359058554, 20.039553499201283,
].map(f);
const LOG1P_BOTTOM: readonly number[] = [
  1, 15.062909083469192, 83.04756596796722, 221.76239823732857, 309.09872225312057, 216.42788614495947,
  60.11866049760384,
].map(f);

/** `log(1 + x)`. @see Moshier, Cephes `log1p`: a rational approximation for `|x| < √2 - 1` */
export function log1p(x: number): number {
  if (!(Math.abs(x) < 0.4142135623730951)) return log(f(x + 1));
  const x2 = f(x * x);
  const ratio = f(horner(LOG1P_TOP, x) / horner(LOG1P_BOTTOM, x));
  return f(x + f(-0.5 * x2 + f(f(x * x2) * ratio)));
}

const EXP: readonly number[] = [
  1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
].map(f);
const LOG2_E = f(Math.LOG2E);

/** `e^x`. Results below the smallest normal number are 0. @see Moshier, Cephes `expf` */
export function exp(x: number): number {
  if (Number.isNaN(x) || x > 88.8) return x > 0 ? Number.POSITIVE_INFINITY : x;
  if (x < -87.8) return 0;
  const n = Math.floor(f(x * LOG2_E + 0.5));
  const r = f(f(x - n * LN2_HIGH) - n * LN2_LOW);
  const y = f(f(horner(EXP, r) * f(r * r) + r) + 1);
  // 2 ** n may be 2^128, which is not a float32. In double precision the product is still right.
  return flush(f(y * 2 ** n));
}

const LANCZOS: readonly number[] = [
  676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
].map(f);
const LOG_LANCZOS_G = f(Math.log(7.5));
const LOG_SQRT_2PI = f(0.9189385332046727);

/**
 * `lgamma(z + 1)` for `z >= -0.5`. `lgamma` begins by subtracting 1. Inside a compiled function,
 * XLA therefore turns `lgamma(z + 1)` into this function of `z` itself. Above 2²⁴ the addition of 1
 * would be lost.
 * @see Lanczos 1964, with g = 7, as StableHLO's `lgamma`
 */
export function logFactorial(z: number): number {
  let sum = 1;
  for (let i = 0; i < 8; i++) sum = f(sum + f(LANCZOS[i]! / f(f(z + i) + 1)));
  const t = f(7.5 + z);
  const logT = f(LOG_LANCZOS_G + log1p(f(z * f(1 / 7.5))));
  return f(f(f(f(z + 0.5) - f(t / logT)) * logT + LOG_SQRT_2PI) + log(sum));
}

const ERF_INV_CENTRAL: readonly number[] = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 2.1858087e-4, -1.25372503e-3, -4.17768164e-3,
  0.246640727, 1.50140941,
].map(f);
const ERF_INV_TAIL: readonly number[] = [
  -2.00214257e-4, 1.00950558e-4, 1.34934322e-3, -3.67342844e-3, 5.73950773e-3, -7.6224613e-3, 9.43887047e-3,
  1.00167406, 2.83297682,
].map(f);

/**
 * The inverse error function for `|x| <= 1`. @see Giles 2010, "Approximating the erfinv function"
 */
export function erfInv(x: number): number {
  if (Math.abs(x) === 1) return x * Number.POSITIVE_INFINITY;
  const w = f(-log1p(f(-f(x * x))));
  return f((w < 5 ? horner(ERF_INV_CENTRAL, f(w - 2.5)) : horner(ERF_INV_TAIL, f(f(Math.sqrt(w)) - 3))) * x);
}

function horner(coefficients: readonly number[], x: number): number {
  let sum = coefficients[0]!;
  for (let i = 1; i < coefficients.length; i++) sum = f(sum * x + coefficients[i]!);
  return sum;
}

/** The next float32 above or below `x`. */
export function nextFloat32(x: number, direction: 1 | -1): number {
  if (Number.isNaN(x) || x === direction * Number.POSITIVE_INFINITY) return x;
  if (x === 0) return direction * 2 ** -149;
  floats[0] = x;
  ints[0]! += x > 0 === direction > 0 ? 1 : -1;
  return floats[0];
}
