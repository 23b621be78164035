/**
 * @file float32 error functions with XLA's polynomials, and therefore XLA's roundings on the CPU.
 */

const f = Math.fround;
/**
 * Above this XLA gives ±1 where erf is fused with other operations. An erf that is not fused
 * continues to 3.8325 and is noisy there.
 */
const ERF_ONE = f(3.7439212799072266);
const ERF_P: readonly number[] = [
  0.00022905065861350646, 0.0034082910107109507, 0.05095569506238086, 0.18520832239976145, 1.128379143519084,
].map(f);
const ERF_Q: readonly number[] = [
  -1.1791602954361697e-7, 0.000023547966471313183, 0.0010179625278914884, 0.014070470171167667,
  0.11098505178285362, 0.49746925110067536, 1,
].map(f);

/**
 * The error function in float32. It equals XLA's on the CPU inside a fusion, as in
 * `jax.random.truncated_normal`.
 *
 * @param x - Rounded to float32.
 * @see XLA `codegen/intrinsic/erf.cc`, after Eigen: a rational approximation, and ±1 for large
 * arguments.
 */
export function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  const c = f(x);
  if (Math.abs(c) >= ERF_ONE) return Math.sign(c);
  const c2 = f(c * c);
  return f(f(c * polynomial(ERF_P, c2)) / polynomial(ERF_Q, c2));
}

/** Horner's rule with fused multiply-add: the product of two float32 is exact in a double. */
function polynomial(coefficients: readonly number[], x: number): number {
  let sum = coefficients[0]!;
  for (let i = 1; i < coefficients.length; i++) sum = f(sum * x + coefficients[i]!);
  return sum;
}

/** Nine coefficients, highest power first. */
export type Polynomial8 = readonly [number, number, number, number, number, number, number, number, number];

/**
 * The constants of Cephes' `logf`, in float32. The polynomial lists its even powers first, see
 * {@link erfInv}.
 */
export const logConstants: {
  readonly sqrtHalf: number;
  readonly ln2High: number;
  readonly ln2Low: number;
  readonly polynomial: Polynomial8;
} = {
  sqrtHalf: f(Math.SQRT1_2),
  ln2High: f(0.693359375),
  ln2Low: f(-2.1219444e-4),
  polynomial: [
    f(7.0376836292e-2),
    f(-1.151461031e-1),
    f(1.167699874e-1),
    f(-1.2420140846e-1),
    f(1.4249322787e-1),
    f(-1.6668057665e-1),
    f(2.0000714765e-1),
    f(-2.4999993993e-1),
    f(3.3333331174e-1),
  ],
};

/** Giles' polynomial for w < 5, float32. */
export const central: Polynomial8 = [
  f(2.81022636e-8),
  f(3.43273939e-7),
  f(-3.5233877e-6),
  f(-4.39150654e-6),
  f(2.1858087e-4),
  f(-1.25372503e-3),
  f(-4.17768164e-3),
  f(0.246640727),
  f(1.50140941),
];

/** Giles' polynomial for w >= 5, float32. */
export const tail: Polynomial8 = [
  f(-2.00214257e-4),
  f(1.00950558e-4),
  f(1.34934322e-3),
  f(-3.67342844e-3),
  f(5.73950773e-3),
  f(-7.6224613e-3),
  f(9.43887047e-3),
  f(1.00167406),
  f(2.83297682),
];

const { sqrtHalf, ln2High, ln2Low } = logConstants;
const [L0, L1, L2, L3, L4, L5, L6, L7, L8] = logConstants.polynomial;
const [C0, C1, C2, C3, C4, C5, C6, C7, C8] = central;
const [T0, T1, T2, T3, T4, T5, T6, T7, T8] = tail;
const bitsOfFloat = new Float32Array(1);
const bitsOfInt = new Int32Array(bitsOfFloat.buffer);

/**
 * The natural logarithm of a positive normal float32, computed in float32 only.
 *
 * @see Moshier, Cephes `logf`.
 */
function log(x: number): number {
  bitsOfFloat[0] = x;
  const bits = bitsOfInt[0]!;
  bitsOfInt[0] = (bits & 0x7fffff) | 0x3f000000;
  const m = bitsOfFloat[0];
  const small = m < sqrtHalf;
  const e = (bits >> 23) - 126 - (small ? 1 : 0);
  const r = f(f(m - 1) + (small ? m : 0));
  const z = f(r * r);
  const even = f(f(f(f(f(f(f(f(L0 * z) + L2) * z) + L4) * z) + L6) * z) + L8);
  const odd = f(f(f(f(f(f(L1 * z) + L3) * z) + L5) * z) + L7);
  let y = f(f(odd * r) + even);
  y = f(f(y * r) * z);
  y = f(y + f(e * ln2Low));
  y = f(y - f(z * 0.5));
  return f(f(r + y) + f(e * ln2High));
}

/**
 * The inverse error function in float32, within 3 ulp of XLA's. It has the same polynomials, but no
 * fused multiply-add, so that this and the SIMD kernel give the same bits. The polynomial of the
 * logarithm is split into even and odd powers, which is shorter in SIMD. Giles' polynomials use
 * Horner's rule, because any other order differs from XLA more often.
 *
 * @param u - In [-1, 1], rounded to float32. ±1 gives ±Infinity, anything outside gives NaN.
 * @see Giles 2010, "Approximating the erfinv function"; `jax.lax.erf_inv`.
 */
export function erfInv(u: number): number {
  const x = f(u);
  if (!(x > -1 && x < 1)) return x === 1 || x === -1 ? x * Number.POSITIVE_INFINITY : Number.NaN;
  const w = f(-log(f(1 - f(x * x))));
  let p: number;
  if (w < 5) {
    const v = f(w - 2.5);
    p = f(f(f(f(f(f(f(f(C0 * v) + C1) * v) + C2) * v) + C3) * v) + C4);
    p = f(f(f(f(f(f(f(f(p * v) + C5) * v) + C6) * v) + C7) * v) + C8);
  } else {
    const v = f(f(Math.sqrt(w)) - 3);
    p = f(f(f(f(f(f(f(f(T0 * v) + T1) * v) + T2) * v) + T3) * v) + T4);
    p = f(f(f(f(f(f(f(f(p * v) + T5) * v) + T6) * v) + T7) * v) + T8);
  }
  return f(p * x);
}
