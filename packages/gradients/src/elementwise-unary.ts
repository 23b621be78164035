/**
 * @file Element-wise kernels of one tensor. Formulas and edge cases are those of `jax.lax`.
 */
import { alias } from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import type { CastAttrs, ClipByValueAttrs, Tensor } from "@tensorflow/tfjs-core";
import { type GradientRule, rule, zeroRule } from "./rule.ts";
import { above } from "./select.ts";
import { zero } from "./zero.ts";

/** A rule that computes dx from dy and x. */
const ofInput = (kernelName: string, dx: (dy: Tensor, x: Tensor) => Tensor): GradientRule =>
  rule(kernelName)({
    inputs: ["x"],
    save: ["x"],
    backward: (dy, { saved: { x } }) => ({ x: () => dx(dy, x) }),
  });

/** A rule that computes dx from dy and y. */
const ofOutput = (kernelName: string, dx: (dy: Tensor, y: Tensor) => Tensor): GradientRule =>
  rule(kernelName)({
    inputs: ["x"],
    saveOutput: 0,
    backward: (dy, { output }) => ({ x: () => dx(dy, output) }),
  });

/** A rule that computes dx from dy alone. */
const linear = (kernelName: string, dx: (dy: Tensor) => Tensor): GradientRule =>
  rule(kernelName)({ inputs: ["x"], backward: (dy) => ({ x: () => dx(dy) }) });

const minus = (x: Tensor): Tensor => tf.sub(1, x);
const plus = (x: Tensor): Tensor => tf.add(1, x);

const rsqrt: GradientRule = rule("Rsqrt")({
  inputs: ["x"],
  save: ["x"],
  saveOutput: 0,
  backward: (dy, { saved: { x }, output: y }) => ({ x: () => tf.mul(dy, tf.mul(-0.5, tf.div(y, x))) }),
});

/** A cast to a float passes the gradient on. A cast to an integer or bool stops it. */
const cast: GradientRule = rule<CastAttrs>("Cast")({
  inputs: ["x"],
  backward: (dy, { attrs }) => ({
    x: () => (attrs.dtype === "float32" || attrs.dtype === "complex64" ? alias(dy) : zero(dy.shape)),
  }),
});

/** min(max(x, lo), hi). At each bound, x receives half the gradient. */
const clipByValue: GradientRule = rule<ClipByValueAttrs>("ClipByValue")({
  inputs: ["x"],
  save: ["x"],
  backward: (dy, { saved: { x }, attrs: { clipValueMin, clipValueMax } }) => ({
    x: () => tf.mul(dy, tf.mul(above(x, clipValueMin), above(tf.neg(x), -clipValueMax))),
  }),
});

/**
 * Rules for element-wise kernels of one tensor: powers, exponentials, trigonometry, rounding,
 * casts.
 */
export const elementwiseUnaryRules: readonly GradientRule[] = [
  linear("Neg", (dy) => tf.neg(dy)),
  linear("Identity", alias),
  cast,
  rsqrt,
  ofOutput("Reciprocal", (dy, y) => tf.neg(tf.mul(dy, tf.square(y)))),
  ofOutput("Exp", (dy, y) => tf.mul(dy, y)),
  ofOutput("Expm1", (dy, y) => tf.mul(dy, plus(y))),
  ofInput("Log", (dy, x) => tf.div(dy, x)),
  ofInput("Log1p", (dy, x) => tf.div(dy, plus(x))),

  ofInput("Sin", (dy, x) => tf.mul(dy, tf.cos(x))),
  ofInput("Cos", (dy, x) => tf.neg(tf.mul(dy, tf.sin(x)))),
  ofOutput("Tan", (dy, y) => tf.mul(dy, plus(tf.square(y)))),
  ofInput("Asin", (dy, x) => tf.mul(dy, tf.rsqrt(minus(tf.square(x))))),
  ofInput("Acos", (dy, x) => tf.neg(tf.mul(dy, tf.rsqrt(minus(tf.square(x)))))),
  ofInput("Atan", (dy, x) => tf.div(dy, plus(tf.square(x)))),
  ofInput("Sinh", (dy, x) => tf.mul(dy, tf.cosh(x))),
  ofInput("Cosh", (dy, x) => tf.mul(dy, tf.sinh(x))),
  ofInput("Asinh", (dy, x) => tf.mul(dy, tf.rsqrt(plus(tf.square(x))))),
  ofInput("Acosh", (dy, x) => tf.mul(dy, tf.rsqrt(tf.mul(tf.sub(x, 1), plus(x))))),
  ofInput("Atanh", (dy, x) => tf.div(dy, tf.mul(plus(x), minus(x)))),

  clipByValue,

  ...["Sign", "Floor", "Ceil", "Round", "Step", "IsNan", "IsInf", "IsFinite", "ZerosLike", "OnesLike"].map(
    (name) => zeroRule(name, "x"),
  ),
];
