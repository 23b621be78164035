/** @file The shape and dtype of what each kernel of tensorflow.js returns. */
import { backend_util, type DataType, slice_util, type TensorInfo } from "@tensorflow/tfjs-core";
import { axesOf, keepDims, sizeOf } from "../shape.ts";
import { ownKernelNames } from "../own/comparisons.ts";
import { convShapes } from "./conv-shapes.ts";

/** A tensor without values. */
export type Shaped = Pick<TensorInfo, "shape" | "dtype">;
export type Inputs = Readonly<Record<string, Shaped>>;
/** The attributes of a kernel, whose types differ from kernel to kernel. */
export type Attrs = Readonly<Record<string, unknown>>;
/** Returns what a kernel returns: one tensor, or several. */
export type ShapeRule = (inputs: Inputs, attrs: Attrs) => Shaped | readonly Shaped[];

const first = (inputs: Inputs): Shaped => Object.values(inputs)[0] as Shaped;
const named = (names: string, rule: ShapeRule): Record<string, ShapeRule> =>
  Object.fromEntries(names.split(" ").map((name) => [name, rule]));

const same: ShapeRule = (inputs) => {
  const { shape, dtype } = first(inputs);
  return { shape, dtype };
};

const to =
  (dtype: DataType): ShapeRule =>
  (inputs) => ({ shape: first(inputs).shape, dtype });

/** The shape of two operands together. */
const together = (a: Shaped, b: Shaped): number[] =>
  backend_util.assertAndGetBroadcastShape(a.shape, b.shape);

const binary =
  (dtype?: DataType): ShapeRule =>
  (inputs) => {
    const [a, b] = Object.values(inputs) as [Shaped, Shaped];
    return { shape: together(a, b), dtype: dtype ?? a.dtype };
  };

type Axis = number | readonly number[] | null | undefined;

const reduce =
  (dtype?: DataType): ShapeRule =>
  (inputs, attrs) => {
    const { axis, keepDims: keeps } = attrs as { axis: Axis; keepDims?: boolean };
    const x = first(inputs);
    const axes = axesOf(axis, x.shape.length);
    const kept = keepDims(x.shape, axes);
    const shape = keeps ? kept : kept.filter((_, i) => !axes.includes(i));
    return { shape, dtype: dtype ?? x.dtype };
  };

const argument: ShapeRule = (inputs, attrs) => {
  const { axis } = attrs as { axis: Axis };
  const { shape } = first(inputs);
  const [along] = axesOf(axis, shape.length);
  return { shape: shape.filter((_, i) => i !== along), dtype: "int32" };
};

const listed = (shape: readonly number[]): string => `[${shape.join(",")}]`;

const misfit = (what: string, got: string): Error =>
  new Error(
    `evalShape: expected ${what} to have sizes that fit, got ${got}. Check the shapes that go into the op.`,
  );

const product: ShapeRule = (inputs, { transposeA, transposeB }) => {
  const { a, b } = inputs as { a: Shaped; b: Shaped };
  const batch = backend_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const [rows, columns] = [a.shape.at(transposeA ? -1 : -2), b.shape.at(transposeB ? -2 : -1)];
  const inner = [a.shape.at(transposeA ? -2 : -1), b.shape.at(transposeB ? -1 : -2)];
  if (inner[0] !== inner[1])
    throw misfit(`a product of ${listed(a.shape)} and ${listed(b.shape)}`, inner.join(" and "));
  return { shape: [...batch, rows as number, columns as number], dtype: a.dtype };
};

const einsum: ShapeRule = (inputs, attrs) => {
  const { equation } = attrs as { equation: string };
  const operands = Object.values(inputs);
  const [left = "", right = ""] = equation.replaceAll(" ", "").split("->");
  const sizes = new Map<string, number>();
  left.split(",").forEach((letters, i) => {
    for (const [axis, letter] of letters.split("").entries())
      sizes.set(letter, operands[i]?.shape[axis] ?? 1);
  });
  return { shape: right.split("").map((letter) => sizes.get(letter) ?? 1), dtype: first(inputs).dtype };
};

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

const topK: ShapeRule = (inputs, attrs) => {
  const { k } = attrs as { k: number };
  const x = first(inputs);
  const shape = [...x.shape.slice(0, -1), k];
  return [
    { shape, dtype: x.dtype },
    { shape, dtype: "int32" },
  ];
};

const range: ShapeRule = (_, attrs) => {
  const { start, stop, step, dtype } = attrs as {
    start: number;
    stop: number;
    step: number;
    dtype: DataType;
  };
  return { shape: [Math.max(0, Math.ceil((stop - start) / step))], dtype };
};

const shapeIn = (attrs: Attrs): { shape: number[] } => ({ shape: (attrs as { shape: number[] }).shape });

/** The rule of each kernel, by its name in the registry. */
export const shapeRules: Readonly<Record<string, ShapeRule>> = {
  ...named(
    "Abs Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Elu Erf Exp Expm1 Floor Identity LeakyRelu Log Log1p Neg Reciprocal Relu Relu6 " +
      "Round Rsqrt Selu Sigmoid Sign Sin Sinh Softplus Sqrt Square Step Tan Tanh ClipByValue Cumsum Cumprod Reverse Softmax LogSoftmax " +
      "LRN OnesLike ZerosLike AddN FusedBatchNorm EluGrad FFT IFFT",
    same,
  ),
  ...named("IsFinite IsInf IsNan LogicalNot", to("bool")),
  ...named("Real Imag ComplexAbs", to("float32")),
  ...named("Complex", to("complex64")),
  ...named(
    "Add Sub Multiply RealDiv FloorDiv Maximum Minimum Mod Pow SquaredDifference Atan2 Prelu",
    binary(),
  ),
  ...named(
    "Equal NotEqual Greater GreaterEqual Less LessEqual LogicalAnd LogicalOr LogicalXor",
    binary("bool"),
  ),
  ...named("Sum Max Min Prod", reduce()),
  ...named("Mean", reduce("float32")),
  ...named("All Any", reduce("bool")),
  ...named("ArgMax ArgMin", argument),
  ...named("BatchMatMul _FusedMatMul", product),
  ...convShapes,
  [ownKernelNames.positive]: to("bool"),
  [ownKernelNames.notNegative]: to("bool"),
  [ownKernelNames.above]: binary("float32"),
  Einsum: einsum,
  Reshape: reshape,
  Cast: (inputs, attrs) => ({ shape: first(inputs).shape, dtype: (attrs as { dtype: DataType }).dtype }),
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
  ...named("PadV2 MirrorPad", pad),
  Tile: (inputs, attrs) => {
    const { reps } = attrs as { reps: readonly number[] };
    const { shape, dtype } = first(inputs);
    return { shape: shape.map((size, i) => size * (reps[i] ?? 1)), dtype };
  },
  BroadcastTo: (inputs, attrs) => ({ ...shapeIn(attrs), dtype: first(inputs).dtype }),
  GatherV2: gather,
  GatherNd: gatherNd,
  ScatterNd: (inputs, attrs) => ({ ...shapeIn(attrs), dtype: (inputs.updates as Shaped).dtype }),
  UnsortedSegmentSum: (inputs, attrs) => {
    const { numSegments } = attrs as { numSegments: number };
    const { x, segmentIds } = inputs as { x: Shaped; segmentIds: Shaped };
    return { shape: [numSegments, ...x.shape.slice(segmentIds.shape.length)], dtype: x.dtype };
  },
  OneHot: (inputs, attrs) => {
    const { depth, dtype } = attrs as { depth: number; dtype: DataType };
    return { shape: [...first(inputs).shape, depth], dtype };
  },
  Select: (inputs) => {
    const { t } = inputs as { t: Shaped };
    return { shape: t.shape, dtype: t.dtype };
  },
  TopK: topK,
  Fill: (_, attrs) => ({ ...shapeIn(attrs), dtype: (attrs as { dtype?: DataType }).dtype ?? "float32" }),
  Range: range,
  LinSpace: (_, attrs) => ({ shape: [(attrs as { num: number }).num], dtype: "float32" }),
};
