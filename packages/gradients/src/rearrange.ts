/**
 * @file Kernels that rearrange, pad or cut. They are linear, so their gradients are their
 * transposes.
 */
import { addRows, sizeOf } from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import type {
  BatchToSpaceNDAttrs,
  DepthToSpaceAttrs,
  MirrorPadAttrs,
  PadV2Attrs,
  ReverseAttrs,
  SpaceToBatchNDAttrs,
  StridedSliceAttrs,
  Tensor,
} from "@tensorflow/tfjs-core";
import { type GradientRule, rule } from "./rule.ts";

const pad: GradientRule = rule<PadV2Attrs>("PadV2")({
  inputs: ["x"],
  backward: (dy, { shapes, attrs: { paddings } }) => ({
    x: () =>
      tf.slice(
        dy,
        paddings.map(([before]) => before),
        shapes.x,
      ),
  }),
});

/** Adds mirrored elements back to the elements that they mirror, one axis at a time. */
const mirrorPad: GradientRule = rule<MirrorPadAttrs>("MirrorPad")({
  inputs: ["x"],
  backward: (dy, { shapes, attrs: { paddings, mode } }) => ({
    x: () => {
      const skip = mode === "reflect" ? 1 : 0;
      let gradient = tf.reshape(dy, dy.shape);
      paddings.forEach(([before, after], axis) => {
        if (before === 0 && after === 0) return;
        const n = shapes.x[axis]!;
        const part = (begin: number, size: number): Tensor =>
          tf.slice(
            gradient,
            gradient.shape.map((_, i) => (i === axis ? begin : 0)),
            gradient.shape.map((m, i) => (i === axis ? size : m)),
          );
        const widen = (x: Tensor, left: number): Tensor => {
          const right = n - left - x.shape[axis]!;
          return tf.pad(
            x,
            x.shape.map((_, i): [number, number] => (i === axis ? [left, right] : [0, 0])),
          );
        };
        const parts = [part(before, n)];
        if (before > 0) parts.push(widen(tf.reverse(part(0, before), axis), skip));
        if (after > 0) parts.push(widen(tf.reverse(part(before + n, after), axis), n - skip - after));
        gradient = tf.addN(parts);
      });
      return gradient;
    },
  }),
});

const reverse: GradientRule = rule<ReverseAttrs>("Reverse")({
  inputs: ["x"],
  backward: (dy, { attrs: { dims } }) => ({
    x: () => (dy.rank === 0 ? tf.reshape(dy, []) : tf.reverse(dy, dims)),
  }),
});

const flipLeftRight: GradientRule = rule("FlipLeftRight")({
  inputs: ["image"],
  backward: (dy) => ({ image: () => tf.reverse(dy, 2) }),
});

const spaceToBatch: GradientRule = rule<SpaceToBatchNDAttrs>("SpaceToBatchND")({
  inputs: ["x"],
  backward: (dy, { attrs: { blockShape, paddings } }) => ({
    x: () => tf.batchToSpaceND(dy, blockShape, paddings),
  }),
});

const batchToSpace: GradientRule = rule<BatchToSpaceNDAttrs>("BatchToSpaceND")({
  inputs: ["x"],
  backward: (dy, { attrs: { blockShape, crops } }) => ({
    x: () => tf.spaceToBatchND(dy, blockShape, crops),
  }),
});

const depthToSpace: GradientRule = rule<DepthToSpaceAttrs>("DepthToSpace")({
  inputs: ["x"],
  backward: (dy, { shapes, attrs: { blockSize: s, dataFormat } }) => ({
    x: () => {
      if (dataFormat === "NCHW") {
        const [n, c, h, w] = dy.shape as [number, number, number, number];
        const blocks = tf.reshape(dy, [n, c, h / s, s, w / s, s]);
        return tf.reshape(tf.transpose(blocks, [0, 3, 5, 1, 2, 4]), shapes.x);
      }
      const [n, h, w, c] = dy.shape as [number, number, number, number];
      const blocks = tf.reshape(dy, [(n * h) / s, s, w / s, s * c]);
      return tf.reshape(tf.transpose(blocks, [0, 2, 1, 3]), shapes.x);
    },
  }),
});

/** The positions in x of a slice's elements, in order. */
function slicedPositions(
  shape: readonly number[],
  begin: readonly number[],
  strides: readonly number[],
  taken: readonly number[],
): Int32Array {
  let positions = [0];
  shape.forEach((size, axis) => {
    const along = Array.from({ length: taken[axis]! }, (_, i) => begin[axis]! + i * strides[axis]!);
    positions = positions.flatMap((p) => along.map((i) => p * size + i));
  });
  return Int32Array.from(positions);
}

const stridedSlice: GradientRule = rule<StridedSliceAttrs>("StridedSlice")({
  inputs: ["x"],
  backward: (dy, { shapes, attrs: a }) => ({
    x: () => {
      if (dy.size === 0) return tf.zeros(shapes.x);
      const { begin, end, strides } = tf.slice_util.sliceInfo(
        shapes.x,
        a.begin,
        a.end,
        a.strides,
        a.beginMask,
        a.endMask,
        a.ellipsisMask,
        a.newAxisMask,
        a.shrinkAxisMask,
      );
      const taken = tf.slice_util.computeOutShape(begin, end, strides);
      const ids = tf.tensor1d(slicedPositions(shapes.x, begin, strides, taken), "int32");
      return tf.reshape(addRows(tf.reshape(dy, [dy.size]), ids, sizeOf(shapes.x)), shapes.x);
    },
  }),
});

/** Rules for padding, reversal, strided slices, and the exchange of space with batch or depth. */
export const rearrangeRules: readonly GradientRule[] = [
  pad,
  mirrorPad,
  reverse,
  flipLeftRight,
  spaceToBatch,
  batchToSpace,
  depthToSpace,
  stridedSlice,
];
