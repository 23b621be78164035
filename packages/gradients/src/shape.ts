/** @file Kernels that move elements. They are linear, so their gradients are their transposes. */
import { sumTo } from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import type {
  ConcatAttrs,
  PackAttrs,
  SliceAttrs,
  SplitVAttrs,
  Tensor,
  TileAttrs,
  TransposeAttrs,
  UnpackAttrs,
} from "@tensorflow/tfjs-core";
import { type GradientRule, listRule, rule } from "./rule.ts";

/** A rule that reshapes the gradient to the shape of the input. */
const reshaped = (kernelName: string, input: string): GradientRule =>
  rule(kernelName)({
    inputs: [input],
    backward: (dy, { shapes }) => ({ [input]: () => tf.reshape(dy, shapes[input]!) }),
  });

const transpose: GradientRule = rule<TransposeAttrs>("Transpose")({
  inputs: ["x"],
  backward: (dy, { attrs: { perm } }) => ({
    x: () => {
      const inverse: number[] = [];
      perm.forEach((from, to) => {
        inverse[from] = to;
      });
      return tf.transpose(dy, inverse);
    },
  }),
});

const sliceBack = (dy: Tensor, shape: readonly number[], begin: readonly number[]): Tensor =>
  tf.pad(
    dy,
    shape.map((size, axis) => [begin[axis]!, size - begin[axis]! - dy.shape[axis]!] as [number, number]),
  );

const slice: GradientRule = rule<SliceAttrs>("Slice")({
  inputs: ["x"],
  backward: (dy, { shapes, attrs }) => ({
    x: () => {
      // A number or a short list gives the start in the first axes. The other axes start at 0.
      const given = ([] as number[]).concat(attrs.begin);
      return sliceBack(dy, shapes.x, [...given, ...Array<number>(dy.rank - given.length).fill(0)]);
    },
  }),
});

/** A slice of dy along one axis. */
const piece = (dy: Tensor, axis: number, begin: number, size: number): Tensor =>
  tf.slice(
    dy,
    dy.shape.map((_, i) => (i === axis ? begin : 0)),
    dy.shape.map((n, i) => (i === axis ? size : n)),
  );

const concat: GradientRule = listRule<ConcatAttrs>("Concat", (dy, { shapes, attrs }) => (index) => {
  const axis = attrs.axis < 0 ? attrs.axis + dy.rank : attrs.axis;
  const begin = shapes.slice(0, index).reduce((total, shape) => total + shape[axis]!, 0);
  return piece(dy, axis, begin, shapes[index]![axis]!);
});

const pack: GradientRule = listRule<PackAttrs>("Pack", (dy, { shapes, attrs }) => (index) => {
  const axis = attrs.axis < 0 ? attrs.axis + dy.rank : attrs.axis;
  return tf.reshape(piece(dy, axis, index, 1), shapes[index]!);
});

const unpack: GradientRule = rule<UnpackAttrs>("Unpack")({
  inputs: ["value"],
  backward: (_dy, { shapes, dys, attrs }) => ({
    value: () => tf.stack([...dys], attrs.axis < 0 ? attrs.axis + shapes.value.length : attrs.axis),
  }),
});

const splitV: GradientRule = rule<SplitVAttrs>("SplitV")({
  inputs: ["x"],
  backward: (_dy, { shapes, dys, attrs }) => ({
    x: () => tf.reshape(tf.concat([...dys], attrs.axis), shapes.x),
  }),
});

/** Sums the copies: splits each repeated axis of dy into [rep, n] and sums over rep. */
const tile: GradientRule = rule<TileAttrs>("Tile")({
  inputs: ["x"],
  backward: (dy, { shapes, attrs: { reps } }) => ({
    x: () => {
      const split = shapes.x.flatMap((n, axis) => (reps[axis] === 1 ? [n] : [reps[axis]!, n]));
      const summed = shapes.x.flatMap((n, axis) => (reps[axis] === 1 ? [n] : [1, n]));
      return tf.reshape(sumTo(tf.reshape(dy, split), summed), shapes.x);
    },
  }),
});

/** No backend of tensorflow.js 4.22 has this kernel; `tf.broadcastTo` uses `Tile`. */
const broadcastTo: GradientRule = rule("BroadcastTo")({
  inputs: ["x"],
  backward: (dy, { shapes }) => ({ x: () => sumTo(dy, shapes.x) }),
});

/** Rules for kernels that only move elements. */
export const shapeRules: readonly GradientRule[] = [
  reshaped("Reshape", "x"),
  reshaped("ExpandDims", "input"),
  transpose,
  slice,
  concat,
  pack,
  unpack,
  splitV,
  tile,
  broadcastTo,
];
