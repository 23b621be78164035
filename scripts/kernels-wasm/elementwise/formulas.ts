/**
 * @file Exponentials, logarithms and the error function of four float32 numbers. The polynomials
 * are least-maximum fits of the functions named beside them; none has a larger error than 0.3 units
 * in the last place of the result.
 */
import { type Code, f32x4, i32x4, v128 } from "../../wasm-emitter/code.ts";
import { number, type Steps, word } from "./steps.ts";

const { add, sub, mul, div, lt, gt, eq } = f32x4;

const SIGN = 0x80000000 | 0;

/** ln 2 in two parts. Multiples of the first are exact. */
const LN2_HIGH = 0.693359375;
const LN2_LOW = -2.121944400546906e-4;
/** Adding it rounds to a whole number, which is then in the lowest bits. */
const TO_WHOLE = 1.5 * 2 ** 23;

/** (expm1(r) - r) / r² for |r| <= ln(2) / 2. */
const EXP = [0.0013946478720754385, 0.008366601541638374, 0.04166628047823906, 0.1666654348373413, 0.5];
/** (log1p(f) - f + f² / 2) / f³ for f from √½ - 1 to √2 - 1. */
const LOG = [
  -0.07861557602882385, 0.1288379579782486, -0.1312902420759201, 0.1418091207742691, -0.1662450134754181,
  0.20002296566963196, -0.25000810623168945, 0.33333316445350647,
];
/** erf(t) / t - 1 as a polynomial of t² for t <= 0.875. */
const ERF = [
  -0.000611129158642143, 0.005016228184103966, -0.02678195759654045, 0.11282230168581009, -0.3761253356933594,
  0.12837915122509003,
];
/** log(1 - erf(t)) / t for t from 0.875 to 4. */
const ERFC = [
  0.00021531700622290373, -0.003225974040105939, 0.022925423458218575, -0.10531734675168991,
  -0.6356760263442993, -1.1285269260406494,
];

const abs = f32x4.abs;
/** `yes` where all bits of the condition are 1, `no` where they are 0. */
export const choose = (condition: Code, yes: Code, no: Code): Code => v128.bitselect(yes, no, condition);
/** The value where the condition holds, else 0. */
export const onlyWhere = (condition: Code, value: Code): Code => v128.and(value, condition);
/** The larger number; NaN when x is NaN. */
export const atLeast = (x: Code, bound: number): Code => f32x4.pmax(x, number(bound));
/** The smaller number; NaN when x is NaN. */
export const atMost = (x: Code, bound: number): Code => f32x4.pmin(x, number(bound));
/** A number with the sign of another one. The first is not negative. */
export const withSign = (x: Code, sign: Code): Code => v128.or(x, v128.and(sign, word(SIGN)));

/** x as `n ln 2 + r`, and `expm1(r)`. */
function reduced(s: Steps, x: Code): { n: Code; q: Code } {
  const shifted = s.keep(add(mul(x, number(Math.LOG2E)), number(TO_WHOLE)));
  const whole = s.keep(sub(shifted, number(TO_WHOLE)));
  const r = s.keep(sub(sub(x, mul(whole, number(LN2_HIGH))), mul(whole, number(LN2_LOW))));
  const n = s.keep(i32x4.sub(shifted, word(0x4b400000)));
  const q = s.keep(add(r, mul(mul(r, r), s.polynomial(r, EXP))));
  return { n, q };
}

/** 2ⁿ, for whole n from -126 to 127. */
const powerOf2 = (n: Code): Code => i32x4.shl(i32x4.add(n, word(127)), 23);

/** eˣ: infinite, 0 and NaN where it should be, and right down to the smallest subnormal number. */
export function exp(s: Steps, x: Code): Code {
  const bounded = s.keep(atLeast(atMost(x, 89), -104));
  const { n, q } = reduced(s, bounded);
  // 0 before it is multiplied: results below the normal numbers take a processor a long time.
  const near = s.keep(onlyWhere(v128.not(lt(x, number(-104))), add(q, number(1))));
  // In two factors, because 2ⁿ may be outside the normal numbers.
  const half = s.keep(i32x4.shrS(n, 1));
  return s.keep(mul(mul(near, powerOf2(half)), powerOf2(i32x4.sub(n, half))));
}

/** eˣ of x <= 0, in fewer steps. */
export function expOfNegative(s: Steps, x: Code): Code {
  const { n, q } = reduced(s, s.keep(atLeast(x, -104)));
  // 0 before it is multiplied, as above.
  const near = s.keep(onlyWhere(v128.not(lt(x, number(-104))), add(q, number(1))));
  // 2ⁿ may be below the normal numbers, so the first factor is larger.
  const power = i32x4.shl(i32x4.add(n, word(127 + 63)), 23);
  return s.keep(mul(mul(near, power), number(2 ** -63)));
}

/** eˣ - 1, precise near 0. */
export function expm1(s: Steps, x: Code): Code {
  const { n, q } = reduced(s, s.keep(atLeast(atMost(x, 89), -18)));
  // Half of it first, because 2ⁿ may be infinite where the result is not.
  const half = s.keep(powerOf2(i32x4.sub(n, word(1))));
  const y = s.keep(add(mul(q, half), sub(half, number(0.5))));
  return s.keep(choose(lt(abs(x), number(2 ** -25)), x, add(y, y)));
}

/** e^(-|x|). */
export const expOfMinusAbs = (s: Steps, x: Code): Code => expOfNegative(s, s.keep(v128.or(x, word(SIGN))));

/** What {@link powerOfMinus} multiplies by, so that no factor is outside the normal numbers. */
const SHARE = 2 ** -24;

/**
 * e^-x times {@link SHARE}, for x down to where 1 / (1 + e^-x) rounds to 0, and where it rounds to 1.
 * @param lowest - From -104.5 on. With less the power of a lower x is infinite.
 */
function powerOfMinus(s: Steps, x: Code, lowest: number): Code {
  const bounded = s.keep(atLeast(atMost(x, 70), lowest));
  const shifted = s.keep(add(mul(bounded, number(Math.LOG2E)), number(TO_WHOLE)));
  const whole = s.keep(sub(shifted, number(TO_WHOLE)));
  // The exponential is that of -r.
  const r = s.keep(sub(sub(bounded, mul(whole, number(LN2_HIGH))), mul(whole, number(LN2_LOW))));
  const alternating = EXP.map((c, i) => (i % 2 === EXP.length % 2 ? -c : c));
  const p = s.keep(add(sub(mul(mul(r, r), s.polynomial(r, alternating)), r), number(1)));
  const power = i32x4.shl(i32x4.sub(word(0x4b400000 + 127 + Math.log2(SHARE)), shifted), 23);
  return s.keep(mul(p, power));
}

/** 1 / (1 + e^-x). */
export const sigmoid = (s: Steps, x: Code): Code =>
  // Of an infinite power the share is 0. A share below the normal numbers takes a processor a long time.
  s.keep(div(number(SHARE), add(number(SHARE), powerOfMinus(s, x, -105.5))));

/** 1 / (1 + e^-x), and 1 minus that; both are precise. */
export function sigmoids(s: Steps, x: Code): { y: Code; rest: Code } {
  const power = powerOfMinus(s, x, -104);
  const inverse = s.keep(div(number(1), add(number(SHARE), power)));
  // 0 where it is small, so that its product with a large x is small.
  const rest = s.keep(onlyWhere(lt(x, number(70)), mul(power, inverse)));
  return { y: s.keep(mul(number(SHARE), inverse)), rest };
}

/** ln 2 in two parts, as above, of which none is negative. */
const LN2_PARTS = [0.693145751953125, 1.428606765330187e-6] as const;

/**
 * The hyperbolic tangent, t / (2 - t) of t = 1 - e^(-2x). Zeros keep their signs, because what is
 * subtracted from them is 0, and not -0.
 */
export function tanh(s: Steps, x: Code): Code {
  // tanh(9.02) is 1 in float32.
  const bounded = s.keep(atLeast(atMost(x, 9.02), -9.02));
  const shifted = s.keep(add(mul(bounded, number(2 * Math.LOG2E)), number(TO_WHOLE)));
  const whole = s.keep(sub(shifted, number(TO_WHOLE)));
  const [high, low] = LN2_PARTS;
  // -2x is r - whole ln 2, and u is -r / 2.
  const u = s.keep(sub(sub(bounded, mul(whole, number(high / 2))), mul(whole, number(low / 2))));
  const inU = EXP.map((c, i) => 4 * c * (-2) ** (EXP.length - 1 - i));
  const v = s.keep(sub(add(u, u), mul(mul(u, u), s.polynomial(u, inU))));
  const scale = s.keep(i32x4.shl(i32x4.sub(word(0x4b400000 + 127), shifted), 23));
  const t = s.keep(sub(mul(v, scale), sub(scale, number(1))));
  return s.keep(div(t, sub(number(2), t)));
}

/** log(x) + correction for normal x > 0, without a look at other numbers. */
function logOfNormal(s: Steps, x: Code, exponent: Code | undefined, correction?: Code): Code {
  const sqrtHalf = 0x3f3504f3;
  const shifted = s.keep(i32x4.sub(x, word(sqrtHalf)));
  const raw = i32x4.shrS(shifted, 23);
  const e = s.keep(f32x4.fromI32x4(exponent ? i32x4.add(raw, exponent) : raw));
  const m = i32x4.add(v128.and(shifted, word(0x7fffff)), word(sqrtHalf));
  const f = s.keep(sub(m, number(1)));
  const z = s.keep(mul(f, f));
  const cubic = s.keep(mul(mul(f, z), s.polynomial(f, LOG)));
  const low = s.keep(add(cubic, mul(e, number(LN2_LOW))));
  const half = sub(correction ? add(low, correction) : low, mul(z, number(0.5)));
  return s.keep(add(add(f, half), mul(e, number(LN2_HIGH))));
}

/** The logarithm `y` of a positive x, and what it is elsewhere: -Infinity at 0, NaN below. */
function logEverywhere(s: Steps, x: Code, y: Code): Code {
  const infinity = number(Number.POSITIVE_INFINITY);
  const above = s.keep(choose(lt(x, infinity), y, x));
  const zero = s.keep(choose(eq(x, number(0)), number(Number.NEGATIVE_INFINITY), above));
  return s.keep(choose(lt(x, number(0)), number(Number.NaN), zero));
}

/** log(x). */
export function log(s: Steps, x: Code): Code {
  const isSmall = s.keep(lt(x, number(2 ** -126)));
  const scaled = s.keep(choose(isSmall, mul(x, number(2 ** 23)), x));
  return logEverywhere(s, x, logOfNormal(s, scaled, v128.and(isSmall, word(-23))));
}

/** log(1 + x), precise near 0. */
export function log1p(s: Steps, x: Code): Code {
  const u = s.keep(add(x, number(1)));
  // What the sum lost, relative to it. At -1 and at infinity the result does not need it.
  const lost = s.keep(div(sub(x, sub(u, number(1))), u));
  const y = logEverywhere(s, u, logOfNormal(s, u, undefined, lost));
  return s.keep(choose(lt(abs(x), number(2 ** -25)), x, y));
}

/** log(1 + x) for x from 0 to 1. */
export function log1pOfShare(s: Steps, x: Code): Code {
  const u = s.keep(add(x, number(1)));
  return logOfNormal(s, u, undefined, s.keep(div(sub(x, sub(u, number(1))), u)));
}

/** The error function. */
export function erf(s: Steps, x: Code): Code {
  const t = s.keep(abs(x));
  const square = s.keep(mul(x, x));
  const small = s.keep(add(t, mul(t, s.polynomial(square, ERF))));
  // erf(3.92) is 1 in float32.
  const bounded = s.keep(atMost(t, 4));
  const large = s.keep(sub(number(1), expOfNegative(s, s.keep(mul(bounded, s.polynomial(bounded, ERFC))))));
  return s.keep(withSign(choose(gt(t, number(0.875)), large, small), x));
}
