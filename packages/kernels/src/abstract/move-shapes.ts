/** @file The shapes of what kernels return that move elements. */
import { backend_util, slice_util } from "@tensorflow/tfjs-core";
import { axesOf, sizeOf } from "../shape.ts";
import { type Axis, first, listed, misfit, type Shaped, shapeIn, type ShapeRule } from "./shape-rule.ts";

const reshape: ShapeRule = (inputs, attrs) => {
  const x = first(inputs);
  const { shape } = attrs as { shape: readonly number[] };
  const known = sizeOf(shape.filter((size) => size !== -1));
  const whole = shape.map((size) => (size === -1 ? sizeOf(x.shape) / known : size));
  if (sizeOf(whole) !== sizeOf(x.shape) || !whole.every(Number.isInteger))
    throw misfit(`a tensor of ${listed(x.shape)} as ${listed(shape)}`, `${sizeOf(x.shape)} elements`);
  return { shape: whole, dtype: x.dtype };
};

const concat: ShapeRule = (inputs, attrs) => {
  const { axis } = attrs as { axis: Axis };
  const all = Object.values(inputs);
  const { shape, dtype } = first(inputs);
  const [along = 0] = axesOf(axis, shape.length);
  const length = all.reduce((sum, each) => sum + (each.shape[along] ?? 0), 0);
  return { shape: shape.map((size, i) => (i === along ? length : size)), dtype };
};

const pack: ShapeRule = (inputs, attrs) => {
  const { axis } = attrs as { axis: number };
  const { shape, dtype } = first(inputs);
  const along = axis < 0 ? axis + shape.length + 1 : axis;
  const count = Object.keys(inputs).length;
  return { shape: [...shape.slice(0, along), count, ...shape.slice(along)], dtype };
};

const unpack: ShapeRule = (inputs, attrs) => {
  const { axis } = attrs as { axis: Axis };
  const { shape, dtype } = first(inputs);
  const [along = 0] = axesOf(axis, shape.length);
  const part = { shape: shape.filter((_, i) => i !== along), dtype };
  return Array.from({ length: shape[along] as number }, () => part);
};

const splitV: ShapeRule = (inputs, attrs) => {
  const { numOrSizeSplits, axis } = attrs as { numOrSizeSplits: number | number[]; axis: number };
  const { shape, dtype } = first(inputs);
  const [along = 0] = axesOf(axis, shape.length);
  const x = { shape: [...shape] };
  const sizes = backend_util.prepareSplitSize(x as never, numOrSizeSplits, along);
  return sizes.map((length) => ({ shape: shape.map((size, i) => (i === along ? length : size)), dtype }));
};

const slice: ShapeRule = (inputs, attrs) => {
  const x = first(inputs);
  const { begin, size } = attrs as { begin: number | number[]; size: number | number[] };
  const [, shape] = slice_util.parseSliceParams(x as never, begin, size);
  return { shape: shape as number[], dtype: x.dtype };
};

const stridedSlice: ShapeRule = (inputs, attrs) => {
  const { begin, end, strides, ...masks } = attrs as {
    begin: number[];
    end: number[];
    strides: number[];
    beginMask: number;
    endMask: number;
    ellipsisMask: number;
    newAxisMask: number;
    shrinkAxisMask: number;
  };
  const x = first(inputs);
  const { finalShape } = slice_util.sliceInfo(
    x.shape,
    begin,
    end,
    strides,
    masks.beginMask,
    masks.endMask,
    masks.ellipsisMask,
    masks.newAxisMask,
    masks.shrinkAxisMask,
  );
  return { shape: finalShape, dtype: x.dtype };
};

const pad: ShapeRule = (inputs, attrs) => {
  const x = first(inputs);
  const { paddings } = attrs as { paddings: readonly (readonly [number, number])[] };
  return {
    shape: x.shape.map((size, i) => size + (paddings[i]?.[0] ?? 0) + (paddings[i]?.[1] ?? 0)),
    dtype: x.dtype,
  };
};

const gather: ShapeRule = (inputs, attrs) => {
  const { x, indices } = inputs as { x: Shaped; indices: Shaped };
  const { axis, batchDims = 0 } = attrs as { axis: number; batchDims?: number };
  const [along = 0] = axesOf(axis, x.shape.length);
  const shape = [...x.shape.slice(0, along), ...indices.shape.slice(batchDims), ...x.shape.slice(along + 1)];
  return { shape, dtype: x.dtype };
};

const gatherNd: ShapeRule = (inputs) => {
  const { params, indices } = inputs as { params: Shaped; indices: Shaped };
  const depth = indices.shape.at(-1) as number;
  return { shape: [...indices.shape.slice(0, -1), ...params.shape.slice(depth)], dtype: params.dtype };
};

/** The rules by the kernels' names. */
export const moveShapes: Readonly<Record<string, ShapeRule>> = {
  Reshape: reshape,
  ExpandDims: (inputs, attrs) => {
    const { dim } = attrs as { dim: number };
    const { shape, dtype } = first(inputs);
    const at = dim < 0 ? dim + shape.length + 1 : dim;
    return { shape: [...shape.slice(0, at), 1, ...shape.slice(at)], dtype };
  },
  Transpose: (inputs, attrs) => {
    const { perm } = attrs as { perm: readonly number[] };
    const { shape, dtype } = first(inputs);
    return { shape: perm.map((axis) => shape[axis] as number), dtype };
  },
  Concat: concat,
  Pack: pack,
  Unpack: unpack,
  SplitV: splitV,
  Slice: slice,
  StridedSlice: stridedSlice,
  PadV2: pad,
  MirrorPad: pad,
  Tile: (inputs, attrs) => {
    const { reps } = attrs as { reps: readonly number[] };
    const { shape, dtype } = first(inputs);
    return { shape: shape.map((size, i) => size * (reps[i] ?? 1)), dtype };
  },
  BroadcastTo: (inputs, attrs) => ({ ...shapeIn(attrs), dtype: first(inputs).dtype }),
  GatherV2: gather,
  GatherNd: gatherNd,
  ScatterNd: (inputs, attrs) => ({ ...shapeIn(attrs), dtype: (inputs.updates as Shaped).dtype }),
};
