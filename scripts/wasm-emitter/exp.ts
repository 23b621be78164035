/**
 * @file The exponential function of four numbers that are not positive, and the logarithm of one,
 * by polynomials of S. L. Moshier's Cephes library (expf.c, logf.c).
 */
import { type Code, f32, f32x4, i32, i32x4, type Local, type Locals, type, v128, when } from "./code.ts";

const { add, sub, mul } = f32x4;

/** 1.5 · 2²³: a small number added to it is rounded to an integer, in the last bits. */
const ROUNDING = 12582912;
/** ln 2 in two parts; integers of up to 15 bits times the first are exact. */
const LN2_HIGH = 0.693359375;
const LN2_LOW = -2.1219444e-4;
/** e^x of less rounds to 0. */
const LOWEST = -104;
/** Powers from 2⁻¹⁸⁹ to 2⁶⁴ are reached by two factors of which this is one. */
const SHIFT = 63;
const EXP = [
  1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 0.50000001201,
];
const LOG = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
];

/** e^x of four numbers up to 0: at most 2 ulp off, subnormal results too; NaN of NaN. */
export class Exp {
  /** Sets the constants. It has to run before anything else of this. */
  readonly begin: Code;
  readonly #constants = new Map<number, Local>();
  readonly #turns: Local;
  readonly #rest: Local;
  readonly #result: Local;
  readonly #isZero: Local;

  constructor(locals: Locals) {
    const make = (): Local => locals.make(type.v128);
    const numbers = [LOWEST, Math.LOG2E, ROUNDING, LN2_HIGH, LN2_LOW, ...EXP, 1, 2 ** -SHIFT];
    for (const number of numbers) this.#constants.set(number, make());
    [this.#turns, this.#rest, this.#result, this.#isZero] = [make(), make(), make(), make()];
    this.begin = [...this.#constants].flatMap(([number, local]) => local.set(f32x4.const(number)));
  }

  #get(number: number): Code {
    return this.#constants.get(number)!.get;
  }

  /** Code that computes e^x, and the result, which is there until the next. */
  of(x: Code): { code: Code; result: Code } {
    const [turns, rest, result, isZero] = [this.#turns, this.#rest, this.#result, this.#isZero];
    const whole = sub(turns.get, this.#get(ROUNDING));
    const [first, ...others] = EXP as [number, ...number[]];
    const power = i32x4.add(i32x4.shl(turns.get, 23), i32x4.const((127 + SHIFT) * 2 ** 23));
    const code = [
      // NaN is not below, and stays.
      ...rest.set(f32x4.pmax(x, this.#get(LOWEST))),
      // A product that underflows takes processors a hundred times as long as one that is 0, and
      // half the numbers of a causal mask are here.
      ...isZero.set(f32x4.le(rest.get, this.#get(LOWEST))),
      ...turns.set(add(mul(rest.get, this.#get(Math.LOG2E)), this.#get(ROUNDING))),
      ...rest.set(sub(sub(rest.get, mul(whole, this.#get(LN2_HIGH))), mul(whole, this.#get(LN2_LOW)))),
      ...result.set(this.#get(first)),
      ...others.flatMap((each) => result.set(add(mul(result.get, rest.get), this.#get(each)))),
      ...result.set(add(add(mul(result.get, mul(rest.get, rest.get)), rest.get), this.#get(1))),
      ...result.set(mul(v128.andNot(mul(result.get, power), isZero.get), this.#get(2 ** -SHIFT))),
    ];
    return { code, result: result.get };
  }
}

/**
 * Code that writes the logarithm of a float32 that is 0, normal, infinite or NaN.
 * @param at - An address.
 * @param from - Where the number is, from the address on.
 * @param to - Where the logarithm goes. The four bytes after it are used, too.
 */
export function writeLog(at: Local, from: number, to: number, locals: Locals): Code {
  const exponent = locals.make(type.i32);
  const [x, y, square] = [type.f32, type.f32, type.f32].map((of) => locals.make(of)) as [Local, Local, Local];
  const bits = i32.load(at.get, from);
  const spare = to + 4;
  const [first, ...others] = LOG as [number, ...number[]];
  const turns = f32.fromI32S(exponent.get);
  const finite: Code = [
    ...exponent.set(i32.sub(i32.shrU(bits, i32.const(23)), i32.const(127))),
    ...i32.store(at.get, spare, i32.or(i32.and(bits, i32.const(0x7fffff)), i32.const(0x3f800000))),
    ...x.set(f32.load(at.get, spare)),
    ...when(f32.gt(x.get, f32.const(Math.SQRT2)), [
      ...x.set(f32.mul(x.get, f32.const(0.5))),
      ...exponent.increase(i32.const(1)),
    ]),
    ...x.set(f32.sub(x.get, f32.const(1))),
    ...square.set(f32.mul(x.get, x.get)),
    ...y.set(f32.const(first)),
    ...others.flatMap((each) => y.set(f32.add(f32.mul(y.get, x.get), f32.const(each)))),
    ...y.set(f32.mul(f32.mul(y.get, x.get), square.get)),
    ...y.set(f32.add(y.get, f32.mul(turns, f32.const(LN2_LOW)))),
    ...y.set(f32.sub(y.get, f32.mul(square.get, f32.const(0.5)))),
    ...f32.store(at.get, to, f32.add(f32.add(x.get, y.get), f32.mul(turns, f32.const(LN2_HIGH)))),
  ];
  return [
    // Infinity and NaN are their own logarithms.
    ...x.set(f32.load(at.get, from)),
    ...f32.store(at.get, to, x.get),
    ...when(
      f32.eq(x.get, f32.const(0)),
      f32.store(at.get, to, f32.const(Number.NEGATIVE_INFINITY)),
      when(f32.lt(x.get, f32.const(Number.POSITIVE_INFINITY)), finite),
    ),
  ];
}
