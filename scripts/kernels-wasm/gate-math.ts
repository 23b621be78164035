/** @file The functions of gates, four at a time: the logistic function and tanh. */
import { type Code, f32x4, i32x4, type Local, v128 } from "../wasm-emitter/code.ts";

const { add, sub, mul, div } = f32x4;

/** A polynomial in `x`, from the coefficient of the highest power down. */
const horner = (x: Local, [first = 0, ...rest]: readonly number[]): Code =>
  rest.reduce<Code>((sum, k) => add(mul(sum, x.get), f32x4.const(k)), f32x4.const(first));

/** ln 2 in two parts. The first has few bits, so that its products with small integers are exact. */
const LN2 = [0.693359375, -2.1219444005469057e-4] as const;
/** (e^r - 1 - r) / r² for |r| <= ln 2 / 2, after Cephes' expf. */
const EXP = [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 0.16666665459, 0.50000001201];
/** (tanh(x) - x) / x³ in x² for |x| <= 5/8, after Cephes' tanhf. */
const TANH = [-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 0.133314422036, -0.333332819422];

const powerOfTwo = (exponent: Code): Code => i32x4.shl(i32x4.add(exponent, i32x4.const(127)), 23);

/**
 * Code that makes of `y <= 0` its exponential, within an ulp also where that is subnormal. NaN stays
 * NaN.
 */
function exponential(y: Local, make: () => Local): Code {
  const [n, r, half] = [make(), make(), make()];
  return [
    // Below -104 the exponential rounds to 0.
    ...y.set(f32x4.max(y.get, f32x4.const(-104))),
    ...n.set(f32x4.nearest(mul(y.get, f32x4.const(Math.LOG2E)))),
    ...r.set(sub(sub(y.get, mul(n.get, f32x4.const(LN2[0]))), mul(n.get, f32x4.const(LN2[1])))),
    ...n.set(i32x4.fromF32x4(n.get)),
    ...half.set(i32x4.shrS(n.get, 1)),
    ...y.set(add(add(mul(mul(r.get, r.get), horner(r, EXP)), r.get), f32x4.const(1))),
    // In two steps, since 2^n may be too small for a factor.
    ...y.set(mul(mul(y.get, powerOfTwo(half.get)), powerOfTwo(i32x4.sub(n.get, half.get)))),
  ];
}

const negativeSize = (x: Local): Code => f32x4.neg(f32x4.abs(x.get));

/** `1 / (1 + e^-x)`: code that runs first, and the result. */
export function logistic(x: Local, make: () => Local): { code: Code; result: Code } {
  const [e, share] = [make(), make()];
  const code = [
    ...e.set(negativeSize(x)),
    ...exponential(e, make),
    ...share.set(div(f32x4.const(1), add(f32x4.const(1), e.get))),
  ];
  const isNegative = f32x4.lt(x.get, f32x4.const(0));
  return { code, result: v128.bitselect(mul(e.get, share.get), share.get, isNegative) };
}

/** The hyperbolic tangent: code that runs first, and the result. */
export function hyperbolicTangent(x: Local, make: () => Local): { code: Code; result: Code } {
  const [size, square, e, near] = [make(), make(), make(), make()];
  const code = [
    ...size.set(f32x4.abs(x.get)),
    ...square.set(mul(size.get, size.get)),
    ...near.set(add(mul(mul(horner(square, TANH), square.get), size.get), size.get)),
    ...e.set(mul(f32x4.const(2), negativeSize(x))),
    ...exponential(e, make),
    ...e.set(sub(f32x4.const(1), div(mul(f32x4.const(2), e.get), add(f32x4.const(1), e.get)))),
  ];
  const isNear = f32x4.lt(size.get, f32x4.const(0.625));
  const sign = v128.and(x.get, i32x4.const(-(2 ** 31)));
  return { code, result: v128.or(v128.bitselect(near.get, e.get, isNear), sign) };
}
