/** @file Linear maps along one axis, as matrices that depend only on shapes. */
import { product, sizeOf } from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";

/** The weights of a linear map along an axis: a matrix `[to, from]`, row by row. */
export interface AxisMap {
  readonly from: number;
  readonly to: number;
  readonly weights: Float32Array;
}

/** Makes an {@link AxisMap} from the terms of each output: pairs of an input and its weight. */
export function axisMap(
  from: number,
  to: number,
  terms: (out: number) => readonly (readonly [number, number])[],
): AxisMap {
  const weights = new Float32Array(to * from);
  for (let out = 0; out < to; out++) {
    for (const [input, weight] of terms(out)) weights[out * from + input]! += weight;
  }
  return { from, to, weights };
}

/**
 * Applies the transpose of a map along `axis`.
 * @param dy - Has `map.to` elements along `axis`.
 * @returns `map.from` elements along `axis`.
 */
export function transposeAlong(dy: Tensor, axis: number, map: AxisMap): Tensor {
  const matrix: Tensor2D = tf.tensor2d(map.weights, [map.to, map.from]);
  const outer = sizeOf(dy.shape.slice(0, axis));
  const inner = sizeOf(dy.shape.slice(axis + 1));
  const shape = dy.shape.map((n, i) => (i === axis ? map.from : n));
  // One plain product for all rows: [outer · inner, to] @ [to, from].
  const last = tf.transpose(tf.reshape(dy, [outer, map.to, inner]), [0, 2, 1]);
  const rows = product(tf.reshape(last, [outer * inner, map.to]), matrix);
  return tf.reshape(tf.transpose(tf.reshape(rows, [outer, inner, map.from]), [0, 2, 1]), shape);
}
