/** @file Element-wise kernels of two tensors, with broadcasting. */
import { alias, sameShape, sumTo } from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { type GradientRule, listRule, rule, zeroRule } from "./rule.ts";
import { above, notNegative, select } from "./select.ts";

/** Like `sumTo`, but may return `x` itself, so nothing else may own `x`. */
const fitted = (x: Tensor, shape: readonly number[]): Tensor =>
  sameShape(x.shape, shape) ? x : sumTo(x, shape);

/** A rule for two inputs. Sums each gradient over the axes along which its input was broadcast. */
const binary = (
  kernelName: string,
  a: (dy: Tensor, a: Tensor, b: Tensor) => Tensor,
  b: (dy: Tensor, a: Tensor, b: Tensor, y: Tensor) => Tensor,
): GradientRule =>
  rule(kernelName)({
    inputs: ["a", "b"],
    save: ["a", "b"],
    ...(b.length > 3 ? { saveOutput: 0 } : {}),
    backward: (dy, { shapes, saved, output }) => ({
      a: () => fitted(a(dy, saved.a, saved.b), shapes.a),
      b: () => fitted(b(dy, saved.a, saved.b, output), shapes.b),
    }),
  });

const add: GradientRule = rule("Add")({
  inputs: ["a", "b"],
  backward: (dy, { shapes }) => ({
    a: () => sumTo(dy, shapes.a),
    b: () => sumTo(dy, shapes.b),
  }),
});

const sub: GradientRule = rule("Sub")({
  inputs: ["a", "b"],
  backward: (dy, { shapes }) => ({
    a: () => sumTo(dy, shapes.a),
    b: () => tf.neg(sumTo(dy, shapes.b)),
  }),
});

const multiply = binary(
  "Multiply",
  (dy, _a, b) => tf.mul(dy, b),
  (dy, a) => tf.mul(dy, a),
);

/** d(a/b) = da/b - a db/b². */
const realDiv = binary(
  "RealDiv",
  (dy, _a, b) => tf.div(dy, b),
  (dy, a, b) => tf.div(tf.mul(tf.neg(dy), a), tf.square(b)),
);

/**
 * d(a^b) = b a^(b-1) da + log(a) a^b db. As in `lax.pow`, log(0) is replaced by log(1), so that the
 * derivative of 0^b in b is zero.
 */
const pow = binary(
  "Pow",
  (dy, a, b) => tf.mul(dy, tf.mul(b, tf.pow(a, tf.sub(b, 1)))),
  (dy, a, _b, y) => tf.mul(dy, tf.mul(tf.log(tf.where(tf.equal(a, 0), tf.onesLike(a), a)), y)),
);

/** The larger operand receives the gradient. Equal operands receive half each (`lax.max`). */
const maximum = binary(
  "Maximum",
  (dy, a, b) => tf.mul(dy, above(a, b)),
  (dy, a, b) => tf.mul(dy, above(b, a)),
);

const minimum = binary(
  "Minimum",
  (dy, a, b) => tf.mul(dy, above(b, a)),
  (dy, a, b) => tf.mul(dy, above(a, b)),
);

const squaredDifference = binary(
  "SquaredDifference",
  (dy, a, b) => tf.mul(dy, tf.mul(2, tf.sub(a, b))),
  (dy, a, b) => tf.mul(dy, tf.mul(2, tf.sub(b, a))),
);

/** d atan2(a, b) = (b da - a db) / (a² + b²). */
const atan2 = binary(
  "Atan2",
  (dy, a, b) => tf.mul(dy, tf.div(b, tf.add(tf.square(a), tf.square(b)))),
  (dy, a, b) => tf.mul(dy, tf.div(tf.neg(a), tf.add(tf.square(a), tf.square(b)))),
);

/** a mod b = a - b floor(a/b). The derivative of floor is zero. */
const mod = binary("Mod", alias, (dy, a, b) => tf.neg(tf.mul(dy, tf.floor(tf.div(a, b)))));

/** x where x >= 0, and alpha x elsewhere (`flax.linen.PReLU`). */
const prelu: GradientRule = rule("Prelu")({
  inputs: ["x", "alpha"],
  save: ["x", "alpha"],
  backward: (dy, { shapes, saved: { x, alpha } }) => ({
    x: () => select(notNegative(x), dy, tf.mul(dy, alpha)),
    alpha: () => sumTo(select(notNegative(x), tf.zerosLike(dy), tf.mul(dy, x)), shapes.alpha),
  }),
});

/** Rules for element-wise kernels of two tensors, and `addN`. */
export const elementwiseBinaryRules: readonly GradientRule[] = [
  add,
  listRule("AddN", (dy) => () => alias(dy)),
  sub,
  multiply,
  realDiv,
  pow,
  maximum,
  minimum,
  squaredDifference,
  atan2,
  mod,
  zeroRule("FloorDiv", "a", "b"),
  prelu,
];
