/** @file Comparisons, logic and `where`. The derivative of a condition is zero. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { type GradientRule, rule, zeroRule } from "./rule.ts";
import { only, select } from "./select.ts";
import { zero } from "./zero.ts";

/**
 * Repeats a condition that has one value per row, which the kernel takes for tensors of any rank.
 */
function inShapeOf(condition: Tensor, x: Tensor): Tensor {
  if (condition.rank === x.rank) return condition;
  const column = tf.reshape(condition, [
    ...condition.shape,
    ...Array<number>(x.rank - condition.rank).fill(1),
  ]);
  return tf.broadcastTo(column, x.shape);
}

/**
 * Each branch receives the gradient where it was chosen and zero elsewhere, even where the gradient
 * is infinite or NaN.
 */
const where: GradientRule = rule("Select")({
  inputs: ["condition", "t", "e"],
  save: ["condition"],
  backward: (dy, { shapes, saved: { condition } }) => ({
    condition: () => zero(shapes.condition),
    // `tf.where` leaves a branch of one element as it is when it broadcasts to none.
    t: () => (dy.size === 0 ? zero(shapes.t) : only(inShapeOf(condition, dy), dy)),
    e: () => (dy.size === 0 ? zero(shapes.e) : select(inShapeOf(condition, dy), tf.zerosLike(dy), dy)),
  }),
});

/** Comparisons, logical kernels (zero gradients) and `where`. */
export const compareRules: readonly GradientRule[] = [
  where,
  ...["Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual"].map((name) =>
    zeroRule(name, "a", "b"),
  ),
  ...["LogicalAnd", "LogicalOr", "LogicalXor", "BitwiseAnd"].map((name) => zeroRule(name, "a", "b")),
  zeroRule("LogicalNot", "x"),
  zeroRule("All", "x"),
  zeroRule("Any", "x"),
];
