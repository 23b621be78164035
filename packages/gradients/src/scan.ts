/** @file Products, cumulative sums and cumulative products. */
import { axesOf, sizeOf } from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import type { CumprodAttrs, CumsumAttrs, Tensor } from "@tensorflow/tfjs-core";
import { type GradientRule, rule } from "./rule.ts";

/** Moves `axes` behind the others and joins them: `[others, joined]`. `undo` restores the shape. */
function joinAxes(shape: readonly number[], axes: readonly number[]) {
  const others = shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
  const order = [...others, ...axes];
  const moves = order.some((from, to) => from !== to);
  const moved = order.map((axis) => shape[axis]!);
  const size = sizeOf(axes.map((axis) => shape[axis]!));
  const inverse: number[] = [];
  order.forEach((from, to) => {
    inverse[from] = to;
  });
  return {
    join: (x: Tensor): Tensor => tf.reshape(moves ? tf.transpose(x, order) : x, [-1, size]),
    undo: (x: Tensor): Tensor => {
      const apart = tf.reshape(x, moved);
      return moves ? tf.transpose(apart, inverse) : apart;
    },
  };
}

/**
 * The gradient of an element is the product of all others. It is computed without a division, so
 * that zeros are safe.
 */
const prod: GradientRule = rule<{ axis: number | number[] | null }>("Prod")({
  inputs: ["x"],
  save: ["x"],
  backward: (dy, { shapes, saved: { x }, attrs }) => ({
    x: () => {
      if (x.size === 0 || x.rank === 0) return x.rank === 0 ? tf.mul(dy, 1) : tf.zeros(shapes.x);
      const axes = axesOf(attrs.axis, x.rank);
      const { join, undo } = joinAxes(shapes.x, axes);
      const rows = join(tf.cast(x, "float32"));
      const before = tf.cumprod(rows, 1, true, false);
      const after = tf.cumprod(rows, 1, true, true);
      return undo(tf.mul(tf.mul(before, after), tf.reshape(dy, [-1, 1])));
    },
  }),
});

const cumsum: GradientRule = rule<CumsumAttrs>("Cumsum")({
  inputs: ["x"],
  backward: (dy, { attrs: { axis, exclusive, reverse } }) => ({
    x: () => tf.cumsum(dy, axis, exclusive, !reverse),
  }),
});

/** Moves rows `[outer, n, inner]` up by `by`, and fills the end with zeros. */
const up = (x: Tensor, by: number): Tensor =>
  tf.pad(tf.slice(x, [0, by, 0], [-1, -1, -1]), [
    [0, 0],
    [0, by],
    [0, 0],
  ]);

/**
 * dx[i] = (product of x before i) · r[i] with r[i] = dy[i] + x[i+1] r[i+1]. There is no division,
 * so zeros are safe. The recurrence takes log2(n) doublings (Hillis & Steele 1986).
 */
function cumprodBack(dy: Tensor, x: Tensor): Tensor {
  const n = x.shape[1]!;
  let factor = up(x, 1);
  let sum = dy;
  for (let by = 1; by < n; by *= 2) {
    sum = tf.add(sum, tf.mul(factor, up(sum, by)));
    factor = tf.mul(factor, up(factor, by));
  }
  return tf.mul(tf.cumprod(x, 1, true, false), sum);
}

const cumprod: GradientRule = rule<CumprodAttrs>("Cumprod")({
  inputs: ["x"],
  save: ["x"],
  backward: (dy, { shapes, saved, attrs: { axis, exclusive, reverse } }) => ({
    x: () => {
      const [at] = axesOf(axis, dy.rank) as [number];
      if (dy.size === 0) return tf.zeros(shapes.x);
      const flat = [sizeOf(shapes.x.slice(0, at)), shapes.x[at]!, sizeOf(shapes.x.slice(at + 1))];
      const turn = (t: Tensor): Tensor => (reverse ? tf.reverse(t, 1) : t);
      const slope = turn(tf.reshape(dy, flat));
      const gradient = cumprodBack(exclusive ? up(slope, 1) : slope, turn(tf.reshape(saved.x, flat)));
      return tf.reshape(turn(gradient), shapes.x);
    },
  }),
});

/** Rules for `prod`, `cumsum` and `cumprod`. */
export const scanRules: readonly GradientRule[] = [prod, cumsum, cumprod];
