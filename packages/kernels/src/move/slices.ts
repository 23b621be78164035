/** @file Kernels that cut tensors. */
import { backend_util, slice_util, util } from "@tensorflow/tfjs-core";
import type {
  SliceAttrs,
  SplitVAttrs,
  StridedSliceAttrs,
  TensorInfo,
  UnpackAttrs,
} from "@tensorflow/tfjs-core";
import { sizeOf } from "../shape.ts";
import type { Mend } from "../mend.ts";
import { stepsOf } from "./block.ts";
import { cut, share, type Whole } from "./move.ts";
import { mover } from "./mover.ts";

const BOTH = ["cpu", "wasm"] as const;

/** The elements from `begin` on, `strides` apart. */
function sliceOf(
  x: TensorInfo,
  begin: readonly number[],
  size: readonly number[],
  shape: readonly number[] = size,
  strides: readonly number[] = size.map(() => 1),
): Whole {
  const [steps, to] = [stepsOf(x.shape), stepsOf(size)];
  const axes = size.map((n, axis) => ({ size: n, from: steps[axis]! * strides[axis]!, to: to[axis]! }));
  const from = begin.reduce((sum, first, axis) => sum + first * steps[axis]!, 0);
  return { shape, parts: [{ input: 0, axes, from, to: 0 }] };
}

/** Pieces of a tensor along one axis. */
function piecesOf(
  x: TensorInfo,
  axis: number,
  sizes: readonly number[],
  shapeOf: (size: number) => number[],
): Whole[] {
  const begin = x.shape.map(() => 0);
  return sizes.map((n) => {
    const size = x.shape.map((whole, i) => (i === axis ? n : whole));
    const piece = sliceOf(x, begin, size, shapeOf(n));
    begin[axis] = begin[axis]! + n;
    return piece;
  });
}

const slice: Mend = mover<SliceAttrs>("Slice", BOTH, (backend, [x], attrs) => {
  const [begin, size] = slice_util.parseSliceParams(x!, attrs.begin, attrs.size) as [number[], number[]];
  slice_util.assertParamsValid(x!, begin, size);
  return cut(backend, x!, [sliceOf(x!, begin, size)])[0]!;
});

const stridedSlice: Mend = mover<StridedSliceAttrs>("StridedSlice", BOTH, (backend, [x], attrs) => {
  const { begin, end, strides, finalShape, isIdentity } = slice_util.sliceInfo(
    x!.shape,
    attrs.begin,
    attrs.end,
    attrs.strides,
    attrs.beginMask,
    attrs.endMask,
    attrs.ellipsisMask,
    attrs.newAxisMask,
    attrs.shrinkAxisMask,
  );
  if (isIdentity) return share(backend, x!, finalShape);
  const size = begin.map((first, axis) => Math.max(0, Math.ceil((end[axis]! - first) / strides[axis]!)));
  if (size.length !== x!.shape.length || sizeOf(size) !== sizeOf(finalShape)) return undefined;
  return cut(backend, x!, [sliceOf(x!, begin, size, finalShape, strides)])[0]!;
});

const unpack: Mend = mover<UnpackAttrs>("Unpack", BOTH, (backend, [value], attrs) => {
  const [axis] = util.parseAxisParam(attrs.axis, value!.shape) as [number];
  const shape = value!.shape.filter((_, i) => i !== axis);
  const sizes = Array<number>(value!.shape[axis]!).fill(1);
  return cut(
    backend,
    value!,
    piecesOf(value!, axis, sizes, () => shape),
  );
});

const splitV: Mend = mover<SplitVAttrs>("SplitV", BOTH, (backend, [x], attrs) => {
  const [axis] = util.parseAxisParam(attrs.axis, x!.shape) as [number];
  const sizes = backend_util.prepareSplitSize(
    x as Parameters<typeof backend_util.prepareSplitSize>[0],
    attrs.numOrSizeSplits,
    axis,
  );
  const shapeOf = (n: number): number[] => x!.shape.map((whole, i) => (i === axis ? n : whole));
  return cut(backend, x!, piecesOf(x!, axis, sizes, shapeOf));
});

/** Quicker kernels that cut. */
export const slices: readonly Mend[] = [slice, stridedSlice, unpack, splitV];
