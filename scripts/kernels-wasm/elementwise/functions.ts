/** @file The element-wise functions of each module. */
import { type Code, f32x4, v128 } from "../../wasm-emitter/code.ts";
import type { WasmFunction } from "../../wasm-emitter/module.ts";
import {
  atLeast,
  atMost,
  choose,
  erf,
  exp,
  expm1,
  expOfMinusAbs,
  expOfNegative,
  log,
  log1p,
  log1pOfShare,
  onlyWhere,
  sigmoid,
  sigmoids,
  tanh,
  withSign,
} from "./formulas.ts";
import { eachElement, eachElementOf, number, type Steps } from "./steps.ts";

const { add, sub, mul, div, sqrt, neg, gt, lt, ge } = f32x4;

type Functions = Readonly<Record<string, WasmFunction>>;

const unary = (formula: (s: Steps, x: Code) => Code): WasmFunction =>
  eachElement(1, 0, (s, [x]) => formula(s, x!));

/** From the gradient of the result, and from the argument or the result. */
const slope = (formula: (s: Steps, dy: Code, x: Code) => Code): WasmFunction =>
  eachElement(2, 0, (s, [dy, x]) => formula(s, dy!, x!));

// Klambauer et al. 2017: the scale, and the scale times alpha.
const SELU_SCALE = 1.0507009873554805;
const SELU_FLOOR = 1.7580993408473768;

/** Logarithms, and what has one. */
export const logarithmFunctions: Functions = {
  log: unary(log),
  log1p: unary(log1p),
  softplus: unary((s, x) => add(atLeast(x, 0), log1pOfShare(s, expOfMinusAbs(s, x)))),
};

/** Exponentials. */
export const exponentialFunctions: Functions = {
  exp: unary(exp),
  expm1: unary(expm1),
  tanh: unary(tanh),
  sigmoid: unary(sigmoid),
  elu: unary((s, x) => choose(gt(x, number(0)), x, expm1(s, x))),
  selu: unary((s, x) =>
    choose(gt(x, number(0)), mul(x, number(SELU_SCALE)), mul(expm1(s, x), number(SELU_FLOOR))),
  ),
};

/** √(2/π), and what gelu's tanh takes of the cube. */
const GELU = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

/** Twice gelu's argument of tanh, because (1 + tanh(u)) / 2 is sigmoid(2u). */
const geluInner = (s: Steps, x: Code): Code =>
  s.keep(mul(mul(x, number(2 * GELU)), add(number(1), mul(mul(x, x), number(CUBIC)))));

/** P(N(0, 1) <= x). */
const normalBelow = (s: Steps, x: Code): Code =>
  s.keep(mul(number(0.5), add(number(1), erf(s, s.keep(mul(x, number(Math.SQRT1_2)))))));

/** Activations of a neuron. */
export const activationFunctions: Functions = {
  erf: unary(erf),
  silu: unary((s, x) => mul(x, sigmoid(s, x))),
  gelu: unary((s, x) => mul(x, sigmoid(s, geluInner(s, x)))),
  geluErf: unary((s, x) => mul(x, normalBelow(s, x))),
};

/** The derivative of {@link geluInner}. */
const geluInnerSlope = (x: Code): Code =>
  mul(number(2 * GELU), add(number(1), mul(mul(x, x), number(3 * CUBIC))));

/** The density of N(0, 1) at x. */
const normalDensity = (s: Steps, x: Code): Code =>
  mul(number(1 / Math.sqrt(2 * Math.PI)), expOfNegative(s, s.keep(mul(mul(x, x), number(-0.5)))));

/** The value and the slope of x. */
const curve = (formula: (s: Steps, x: Code) => readonly [y: Code, slope: Code]): WasmFunction =>
  eachElementOf(1, 2, 0, (s, [x]) => formula(s, x!));

/** Activations of a neuron and their slopes, which share what takes most of the time. */
export const curveFunctions: Functions = {
  silu: curve((s, x) => {
    const { y: share, rest } = sigmoids(s, x);
    const y = s.keep(mul(x, share));
    return [y, add(share, mul(y, rest))];
  }),
  gelu: curve((s, x) => {
    const { y: share, rest } = sigmoids(s, geluInner(s, x));
    const y = s.keep(mul(x, share));
    return [y, add(share, mul(mul(y, rest), geluInnerSlope(x)))];
  }),
  geluErf: curve((s, x) => {
    const below = s.keep(normalBelow(s, x));
    return [mul(x, below), add(below, mul(x, normalDensity(s, x)))];
  }),
};

/** Gradients that take an exponential, from dy and x. */
export const activationSlopeFunctions: Functions = {
  softplus: slope((s, dy, x) => mul(dy, sigmoid(s, x))),
  silu: slope((s, dy, x) => {
    const { y, rest } = sigmoids(s, x);
    return mul(dy, add(y, mul(mul(x, y), rest)));
  }),
  gelu: slope((s, dy, x) => {
    const { y, rest } = sigmoids(s, geluInner(s, x));
    return mul(dy, add(y, mul(mul(mul(x, y), rest), geluInnerSlope(x))));
  }),
  geluErf: slope((s, dy, x) => mul(dy, add(normalBelow(s, x), mul(x, normalDensity(s, x))))),
  erf: slope((s, dy, x) =>
    mul(dy, mul(number(2 / Math.sqrt(Math.PI)), expOfNegative(s, s.keep(neg(mul(x, x)))))),
  ),
};

/** Gradients that take few operations, from dy and from the result y or the argument x. */
export const slopeFunctions: Functions = {
  relu: slope((_s, dy, y) => onlyWhere(gt(y, number(0)), dy)),
  relu6: slope((_s, dy, x) => onlyWhere(v128.and(gt(x, number(0)), lt(x, number(6))), dy)),
  leakyRelu: eachElement(2, 1, (_s, [dy, x], [alpha]) => choose(ge(x!, number(0)), dy!, mul(dy!, alpha!))),
  elu: slope((_s, dy, y) => choose(gt(y, number(0)), dy, mul(dy, add(y, number(1))))),
  selu: slope((_s, dy, y) =>
    choose(gt(y, number(0)), mul(dy, number(SELU_SCALE)), mul(dy, add(y, number(SELU_FLOOR)))),
  ),
  tanh: slope((_s, dy, y) => mul(mul(dy, add(number(1), y)), sub(number(1), y))),
  sigmoid: slope((_s, dy, y) => mul(dy, mul(y, sub(number(1), y)))),
  square: slope((_s, dy, x) => mul(dy, add(x, x))),
  sqrt: slope((_s, dy, y) => mul(dy, div(number(0.5), y))),
  abs: slope((_s, dy, x) => choose(ge(x, number(0)), dy, neg(dy))),
};

/** Functions of few operations. Most are quick in tensorflow.js's wasm backend. */
export const plainFunctions: Functions = {
  neg: unary((_s, x) => neg(x)),
  abs: unary((_s, x) => f32x4.abs(x)),
  square: unary((_s, x) => mul(x, x)),
  sqrt: unary((_s, x) => sqrt(x)),
  rsqrt: unary((_s, x) => div(number(1), sqrt(x))),
  reciprocal: unary((_s, x) => div(number(1), x)),
  /** NaN stays NaN; -0 becomes 0. */
  relu: unary((_s, x) => add(atLeast(x, 0), number(0))),
  relu6: unary((_s, x) => add(atMost(atLeast(x, 0), 6), number(0))),
  leakyRelu: eachElement(1, 1, (_s, [x], [alpha]) => choose(lt(x!, number(0)), mul(x!, alpha!), x!)),
  /** The bounds, lower first; NaN stays NaN. */
  clip: eachElement(1, 2, (_s, [x], [low, high]) => f32x4.pmin(f32x4.pmax(x!, low!), high!)),
  /** 1 above 0, else the number; NaN stays NaN. */
  step: eachElement(1, 1, (_s, [x], [alpha]) =>
    choose(f32x4.ne(x!, x!), x!, choose(gt(x!, number(0)), number(1), alpha!)),
  ),
  round: unary((_s, x) => f32x4.nearest(x)),
  /** A result with the sign of its argument, where that has one. */
  signed: eachElement(2, 0, (_s, [y, x]) => withSign(y!, x!)),
  floor: unary((_s, x) => [...x, 0xfd, 0x68]),
  ceil: unary((_s, x) => [...x, 0xfd, 0x67]),
};
