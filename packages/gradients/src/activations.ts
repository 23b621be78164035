/**
 * @file Activations whose gradient is one kernel, and the gradients of those kernels. Formulas and
 * edge cases are those of `jax.nn`.
 */
import { curves, curvesWithSlopes, isRecording, slopes } from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import type { LeakyReluAttrs, Tensor } from "@tensorflow/tfjs-core";
import { type GradientRule, rule } from "./rule.ts";
import { only, positive } from "./select.ts";
import { zero } from "./zero.ts";

/** A kernel whose gradient `slope` computes from dy and x. */
const ofInput = (kernelName: string, slope: (inputs: { dy: Tensor; x: Tensor }) => Tensor): GradientRule =>
  rule(kernelName)({
    inputs: ["x"],
    save: ["x"],
    backward: (dy, { saved: { x } }) => ({ x: () => slope({ dy, x }) }),
  });

/** A kernel whose gradient `slope` computes from dy and y. */
const ofOutput = (kernelName: string, slope: (inputs: { dy: Tensor; y: Tensor }) => Tensor): GradientRule =>
  rule(kernelName)({
    inputs: ["x"],
    saveOutput: 0,
    backward: (dy, { output: y }) => ({ x: () => slope({ dy, y }) }),
  });

/** The slope is 1 at 0, and alpha at NaN. */
const leakyRelu: GradientRule = rule<LeakyReluAttrs>("LeakyRelu")({
  inputs: ["x"],
  save: ["x"],
  backward: (dy, { saved: { x }, attrs: { alpha } }) => ({
    x: () => slopes.leakyRelu.run({ dy, x }, { alpha }),
  }),
});

/** Rules of tensorflow.js's activations. */
export const activationRules: readonly GradientRule[] = [
  ofInput("Softplus", slopes.softplus.run),
  ofInput("Erf", slopes.erf.run),
  ofInput("Square", slopes.square.run),
  // The slope is 1 at 0, and -1 at NaN.
  ofInput("Abs", slopes.abs.run),
  ofInput("Relu6", slopes.relu6.run),
  leakyRelu,
  ofOutput("Relu", slopes.relu.run),
  ofOutput("Elu", slopes.elu.run),
  ofOutput("Selu", slopes.selu.run),
  ofOutput("Tanh", slopes.tanh.run),
  ofOutput("Sigmoid", slopes.sigmoid.run),
  ofOutput("Sqrt", slopes.sqrt.run),
];

/**
 * The gradient of a slope, which is linear in dy.
 * @param curved - The gradient of the argument, from `g * dy` and the argument.
 */
const second = <const I extends "x" | "y">(
  slope: {
    readonly kernelName: string;
    readonly run: (inputs: Record<"dy" | I, Tensor>) => Tensor;
  },
  by: I,
  curved: (gdy: Tensor, at: Tensor) => Tensor,
): GradientRule =>
  rule(slope.kernelName)({
    inputs: ["dy", by],
    save: ["dy", by],
    backward: (g, { saved }) => {
      const of: Readonly<Record<"dy" | I, Tensor>> = saved;
      return {
        dy: () => slope.run({ ...of, dy: g }),
        [by]: () => curved(tf.mul(g, of.dy), of[by]),
      } as Readonly<Record<"dy" | I, () => Tensor>>;
    },
  });

const flat = (gdy: Tensor): Tensor => zero(gdy.shape);
const minus = (x: Tensor): Tensor => tf.sub(1, x);
const scaled = (by: number, x: Tensor): Tensor => tf.mul(by, x);

const GELU = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

/** With s = sigmoid(v), v = 2u: s(1-s) (2v' + x (v'' + v'² (1-2s))). */
function geluCurve(x: Tensor): Tensor {
  const square = tf.square(x);
  const s = tf.sigmoid(tf.mul(scaled(2 * GELU, x), tf.add(1, scaled(CUBIC, square))));
  const first = scaled(2 * GELU, tf.add(1, scaled(3 * CUBIC, square)));
  const bend = tf.mul(tf.square(first), minus(scaled(2, s)));
  const other = tf.mul(x, tf.add(scaled(12 * GELU * CUBIC, x), bend));
  return tf.mul(tf.mul(s, minus(s)), tf.add(scaled(2, first), other));
}

/** 2φ(x) - x² φ(x). The square would be infinite where the product with φ is 0. */
function geluErfCurve(x: Tensor): Tensor {
  const density = scaled(1 / Math.sqrt(2 * Math.PI), tf.exp(scaled(-0.5, tf.square(x))));
  return tf.sub(scaled(2, density), tf.mul(x, tf.mul(x, density)));
}

/** s(1-s) (2 + x (1-2s)). */
function siluCurve(x: Tensor): Tensor {
  const s = tf.sigmoid(x);
  return tf.mul(tf.mul(s, minus(s)), tf.add(2, tf.mul(x, minus(scaled(2, s)))));
}

const leakyReluSlope: GradientRule = rule<LeakyReluAttrs>(slopes.leakyRelu.kernelName)({
  inputs: ["dy", "x"],
  save: ["x"],
  backward: (g, { shapes, saved: { x }, attrs: { alpha } }) => ({
    dy: () => slopes.leakyRelu.run({ dy: g, x }, { alpha }),
    x: () => zero(shapes.x),
  }),
});

/** A kernel that gives its slope as its second output. */
const withSlope = (name: keyof typeof curvesWithSlopes): GradientRule =>
  rule(curvesWithSlopes[name])({
    inputs: ["x"],
    save: ["x"],
    saveOutput: 1,
    hasOneResult: true,
    backward: (dy, { saved: { x }, output: slope }) => ({
      x: () => (isRecording() ? slopes[name].run({ dy, x }) : tf.mul(dy, slope)),
    }),
  });

/**
 * Rules of our activations, and of the kernels that compute gradients, for gradients of gradients.
 */
export const ownActivationRules: readonly GradientRule[] = [
  ofInput(curves.silu.kernelName, slopes.silu.run),
  ofInput(curves.gelu.kernelName, slopes.gelu.run),
  ofInput(curves.geluErf.kernelName, slopes.geluErf.run),
  withSlope("silu"),
  withSlope("gelu"),
  withSlope("geluErf"),
  second(slopes.relu, "y", flat),
  second(slopes.relu6, "x", flat),
  leakyReluSlope,
  second(slopes.abs, "x", flat),
  second(slopes.square, "x", (gdy) => scaled(2, gdy)),
  second(slopes.sqrt, "y", (gdy, y) => tf.div(scaled(-0.5, gdy), tf.square(y))),
  second(slopes.elu, "y", (gdy, y) => only(tf.logicalNot(positive(y)), gdy)),
  second(slopes.selu, "y", (gdy, y) => only(tf.logicalNot(positive(y)), gdy)),
  second(slopes.tanh, "y", (gdy, y) => tf.mul(gdy, scaled(-2, y))),
  second(slopes.sigmoid, "y", (gdy, y) => tf.mul(gdy, minus(scaled(2, y)))),
  second(slopes.softplus, "x", (gdy, x) => {
    const y = tf.sigmoid(x);
    return tf.mul(gdy, tf.mul(y, minus(y)));
  }),
  second(slopes.erf, "x", (gdy, x) => tf.mul(slopes.erf.run({ dy: gdy, x }), scaled(-2, x))),
  second(slopes.silu, "x", (gdy, x) => tf.mul(gdy, siluCurve(x))),
  second(slopes.gelu, "x", (gdy, x) => tf.mul(gdy, geluCurve(x))),
  second(slopes.geluErf, "x", (gdy, x) => tf.mul(gdy, geluErfCurve(x))),
];
