/** @file Calls of kernels with tensors of no axes to seven. */
import * as tf from "@tensorflow/tfjs-core";

/** Runs a kernel on new tensors. */
export type Call = () => tf.Tensor;
/** The calls of a kernel, by what they are called with. */
type Calls = Readonly<Record<string, Call>>;

/** A shape of each rank. Most of those of many axes have as many elements, so that they share programs. */
const SHAPES: readonly (readonly number[])[] = [
  [],
  [5],
  [3, 4],
  [2, 3, 4],
  [2, 3, 2, 2],
  [2, 1, 3, 2, 2],
  [2, 1, 3, 2, 1, 2],
  [2, 1, 3, 1, 2, 1, 2],
  [2, 2, 3, 2, 2, 2, 2],
];
const EMPTY: readonly (readonly number[])[] = [[0], [2, 0, 3], [2, 1, 0, 2, 2], [0, 1, 3, 2, 1, 2, 2]];

type Dtype = "float32" | "int32" | "bool";

/** A tensor of numbers between 0 and 1, or integers below 7, or bools. */
function given(shape: readonly number[], dtype: Dtype = "float32", seed = 1): tf.Tensor {
  let state = seed * 2654435761;
  const values = Array.from({ length: tf.util.sizeFromShape([...shape]) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const u = 0.05 + (0.9 * state) / 2 ** 32;
    return dtype === "float32" ? u : dtype === "bool" ? Number(u > 0.5) : Math.floor(u * 7);
  });
  return tf.tensor(values, [...shape], dtype);
}

const kernel = (name: string, inputs: Record<string, tf.Tensor>, attrs: object = {}): tf.Tensor =>
  tf.engine().runKernel(name, inputs, attrs as tf.NamedAttrMap);

const isRegistered = (name: string): boolean =>
  // `getKernel` is typed as if every kernel existed.
  (tf.getKernel(name, tf.getBackend()) as object | undefined) !== undefined;

const named = (shape: readonly number[]): string => `[${shape.join()}]`;
const each = (names: string, of: (name: string) => Calls): Record<string, Calls> =>
  Object.fromEntries(names.split(" ").map((name) => [name, of(name)]));

/** Calls for these shapes. */
const over = (
  shapes: readonly (readonly number[])[],
  of: (shape: readonly number[]) => Readonly<Record<string, Call>> | Call,
): Calls =>
  Object.fromEntries(
    shapes.flatMap((shape) => {
      const calls = of(shape);
      if (typeof calls === "function") return [[named(shape), calls]];
      return Object.entries(calls).map(([what, call]) => [`${named(shape)} ${what}`, call]);
    }),
  );
const all = [...SHAPES, ...EMPTY];
const longAxes = SHAPES.filter(({ length }) => length > 0);
const withAxes = all.filter(({ length }) => length > 0);

const unary = (name: string, attrs: object = {}, dtype: Dtype = "float32", shift = 0): Calls =>
  over(all, (shape) => () => {
    const x = given(shape, dtype);
    return kernel(name, { x: shift === 0 ? x : tf.add(x, shift) }, attrs);
  });

const pairs = (name: string, dtype: Dtype = "float32"): Calls =>
  over(all, (shape) => {
    const of =
      (a: readonly number[], b: readonly number[]): Call =>
      () =>
        kernel(name, { a: given(a, dtype), b: given(b, dtype, 2) });
    if (shape.length === 0) return of(shape, shape);
    return {
      "of one shape": of(shape, shape),
      "and a row": of(shape, shape.slice(-1)),
      "and a scalar": of([], shape),
      ...(shape.length > 3 && {
        "in turns": of(
          shape.map((size, axis) => (axis % 2 ? size : 1)),
          shape.map((size, axis) => (axis % 2 ? 1 : size)),
        ),
      }),
    };
  });

const reduced = (name: string, dtype: Dtype = "float32"): Calls =>
  over(all, (shape) => {
    const of =
      (axis: readonly number[], keepDims: boolean): Call =>
      () =>
        kernel(
          name,
          { x: given(shape, dtype) },
          { [name === "Max" || name === "Min" ? "reductionIndices" : "axis"]: [...axis], keepDims },
        );
    const axes = [...shape.keys()];
    if (shape.length === 0) return { all: of(axes, false) };
    return {
      all: of(axes, false),
      last: of([shape.length - 1], true),
      first: of([0], false),
      ...(shape.length > 3 && {
        "in turns": of(
          axes.filter((axis) => axis % 2 === 0),
          true,
        ),
      }),
    };
  });

const alongAxis = (name: string, attrs: object = {}, dtype: Dtype = "float32"): Calls =>
  over(
    withAxes.filter((shape) => !shape.includes(0)),
    (shape) => {
      const of =
        (axis: number): Call =>
        () =>
          kernel(name, { x: given(shape, dtype) }, { ...attrs, axis });
      return { last: of(shape.length - 1), first: of(0) };
    },
  );

const image = (): tf.Tensor4D => given([2, 4, 5, 2]) as tf.Tensor4D;
const noImage = (): tf.Tensor4D => given([0, 4, 5, 2]) as tf.Tensor4D;
const filter = (): tf.Tensor4D => given([3, 2, 2, 3], "float32", 2) as tf.Tensor4D;
const volume = (batch = 1): tf.Tensor5D => given([batch, 3, 4, 3, 2]) as tf.Tensor5D;

const matrices = withAxes.filter(({ length }) => length > 1);
const product = (run: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Calls =>
  over(matrices, (shape) => () => {
    const inner = shape.at(-1)!;
    return run(given(shape), given([...shape.slice(0, -2), inner, 3], "float32", 2));
  });

/** Kernels that have a case. */
export const cases: Readonly<Record<string, Calls>> = {
  ...each(
    "Log Log1p Relu Relu6 Exp Expm1 Sigmoid Elu Selu Softplus Sin Cos Acos Abs Asin Asinh Atan Atanh Ceil Cosh Erf Floor IsFinite IsInf IsNan Neg Reciprocal Round Rsqrt Sign Sinh Sqrt Square Tan Tanh ZerosLike OnesLike",
    (name) => unary(name),
  ),
  Acosh: unary("Acosh", {}, "float32", 1),
  LeakyRelu: unary("LeakyRelu", { alpha: 0.1 }, "float32", -0.5),
  Step: unary("Step", { alpha: 0.5 }, "float32", -0.5),
  LogicalNot: unary("LogicalNot", {}, "bool"),
  Cast: unary("Cast", { dtype: "float32" }, "int32"),
  ClipByValue: unary("ClipByValue", { clipValueMin: 0.2, clipValueMax: 0.6 }),
  ...each(
    "RealDiv Pow Equal NotEqual Greater GreaterEqual Less LessEqual Maximum Minimum Mod FloorDiv Atan2 Add Sub Multiply SquaredDifference",
    (name) => pairs(name),
  ),
  ...each("LogicalAnd LogicalOr", (name) => pairs(name, "bool")),
  ...each("Sum Mean Prod", (name) => reduced(name)),
  // Of nothing, these have no value.
  ...each("Max Min", (name) =>
    Object.fromEntries(Object.entries(reduced(name)).filter(([what]) => !/\b0\b/.test(what))),
  ),
  ...each("All Any", (name) => reduced(name, "bool")),
  ...each("ArgMax ArgMin", (name) => alongAxis(name)),
  ...Object.fromEntries(
    ["ArgMax", "ArgMin"].map((name) => [`${name} of integers`, alongAxis(name, {}, "int32")]),
  ),
  TopK: over(longAxes, (shape) => ({
    values: () => tf.topk(given(shape), shape.at(-1)).values,
    places: () => tf.topk(given(shape, "int32"), 1).indices,
  })),
  ...each("Cumsum Cumprod", (name) => alongAxis(name, { exclusive: false, reverse: false })),
  ...Object.fromEntries(
    ["Cumsum", "Cumprod"].map((name) => [
      `${name} in reverse`,
      alongAxis(name, { exclusive: true, reverse: true }),
    ]),
  ),
  Softmax: over(
    withAxes,
    (shape) => () => kernel("Softmax", { logits: given(shape) }, { dim: shape.length - 1 }),
  ),
  // cpu computes it by ops.
  LogSoftmax: over(withAxes, (shape) => () => {
    const logits = given(shape);
    return isRegistered("LogSoftmax")
      ? kernel("LogSoftmax", { logits }, { axis: shape.length - 1 })
      : tf.logSoftmax(logits);
  }),
  ...Object.fromEntries(
    "Add Sub Multiply SquaredDifference Maximum Minimum FloorDiv Mod Pow Equal NotEqual Less LessEqual Greater GreaterEqual"
      .split(" ")
      .map((name) => [`${name} of integers`, pairs(name, "int32")]),
  ),
  ...Object.fromEntries(
    "Neg Abs Square Reciprocal".split(" ").map((name) => [`${name} of integers`, unary(name, {}, "int32")]),
  ),
  "ClipByValue of integers": unary("ClipByValue", { clipValueMin: 1.5, clipValueMax: 4.5 }, "int32"),
  "Cast to integers": over(all, (shape) => () => tf.cast(tf.mul(given(shape), 9), "int32")),
  ...Object.fromEntries(["Add", "Sub"].map((name) => [`${name} of bools`, pairs(name, "bool")])),
  Select: over(all, (shape) => {
    const of =
      (condition: readonly number[]): Call =>
      () =>
        kernel("Select", {
          condition: given(condition, "bool"),
          t: given(shape),
          e: given(shape, "float32", 2),
        });
    return { whole: of(shape), ...(shape.length > 1 && { rows: of(shape.slice(0, 1)) }) };
  }),
  PadV2: over(withAxes, (shape) => {
    const of =
      (paddings: [number, number][]): Call =>
      () =>
        kernel("PadV2", { x: given(shape) }, { paddings, constantValue: 7 });
    return {
      "each axis": of(shape.map((_, axis) => [axis % 2, 1])),
      "the last axis": of(shape.map((_, axis) => (axis === shape.length - 1 ? [1, 2] : [0, 0]))),
    };
  }),
  Slice: over(
    withAxes,
    (shape) => () =>
      kernel(
        "Slice",
        { x: given(shape) },
        {
          begin: shape.map((size) => Number(size > 1)),
          size: shape.map((size) => (size > 1 ? size - 1 : size)),
        },
      ),
  ),
  Fill: over(SHAPES, (shape) => () => kernel("Fill", {}, { shape: [...shape], value: 3, dtype: "float32" })),
  Tile: over(
    withAxes,
    (shape) => () => kernel("Tile", { x: given(shape) }, { reps: shape.map((_, axis) => 1 + (axis % 2)) }),
  ),
  Transpose: over(matrices, (shape) => {
    const of =
      (perm: number[], dtype: Dtype): Call =>
      () =>
        kernel("Transpose", { x: given(shape, dtype) }, { perm });
    const axes = [...shape.keys()];
    return {
      "in reverse": of([...axes].reverse(), "float32"),
      "the first last, integers": of([...axes.slice(1), 0], "int32"),
    };
  }),
  Reverse: over(
    withAxes,
    (shape) => () =>
      kernel("Reverse", { x: given(shape) }, { dims: [...shape.keys()].filter((axis) => axis % 2 === 0) }),
  ),
  AddN: over(
    all,
    (shape) => () => tf.addN(Array.from({ length: 9 }, (_, i) => given(shape, "float32", i + 1))),
  ),
  ScatterNd: over(SHAPES.slice(1), (shape) => () => {
    const indices = tf.tensor2d([[1 % shape[0]!]], [1, 1], "int32");
    return tf.scatterND(indices, given([1, ...shape.slice(1)]), [...shape]);
  }),
  BatchMatMul: product((a, b) => tf.matMul(a, b)),
  _FusedMatMul: product((a, b) => tf.fused.matMul({ a, b, bias: given([3]), activation: "relu" })),
  Einsum: product((a, b) => {
    const letters = "abcdefg".slice(0, a.rank);
    return tf.einsum(`${letters},${letters.slice(0, -2)}${letters.at(-1)}z->${letters.slice(0, -1)}z`, a, b);
  }),
  Prelu: over(
    all,
    (shape) => () => tf.prelu(tf.sub(given(shape), 0.5), given(shape.slice(-1), "float32", 2)),
  ),
  GatherV2: over(longAxes, (shape) => ({
    last: () => tf.gather(given(shape), tf.tensor1d([0, 0], "int32"), shape.length - 1),
    first: () => tf.gather(given(shape), tf.tensor1d([1, 0, 1], "int32"), 0),
    "first, by a table": () => tf.gather(given(shape.slice(-6)), tf.tensor2d([[0], [0]], [2, 1], "int32"), 0),
  })),
  Concat: over(longAxes, (shape) => ({
    last: () => tf.concat([given(shape), given(shape)], shape.length - 1),
    first: () => tf.concat([given(shape), given(shape, "float32", 2), given(shape)], 0),
  })),
  SplitV: over(longAxes, (shape) => () => tf.split(given(shape), [1, shape[0]! - 1], 0)[1]!),
  Pack: over(longAxes, (shape) => ({
    last: () => tf.stack([given(shape.slice(-6)), given(shape.slice(-6))], shape.slice(-6).length),
    first: () => tf.stack([given(shape.slice(-6), "bool"), given(shape.slice(-6), "bool", 2)], 0),
  })),
  Unpack: over(longAxes, (shape) => () => tf.unstack(given(shape), shape.length - 1).at(-1)!),
  // Kernels that are not replaced.
  OneHot: over(SHAPES, (shape) => () => tf.oneHot(given(shape, "int32"), 4)),
  Conv2D: {
    image: () => tf.conv2d(image(), filter(), 1, "same"),
    none: () => tf.conv2d(noImage(), filter(), 1, "same"),
  },
  FusedConv2D: {
    image: () =>
      tf.fused.conv2d({
        x: image(),
        filter: filter(),
        strides: 1,
        pad: "same",
        bias: given([3]),
        activation: "relu",
      }),
  },
  DepthwiseConv2dNative: {
    image: () => tf.depthwiseConv2d(image(), filter(), 1, "same"),
    none: () => tf.depthwiseConv2d(noImage(), filter(), 1, "same"),
  },
  FusedDepthwiseConv2D: {
    image: () =>
      tf.fused.depthwiseConv2d({
        x: image(),
        filter: filter(),
        strides: 1,
        pad: "same",
        bias: given([6]),
        activation: "relu",
      }),
  },
  Conv2DBackpropInput: {
    image: () =>
      tf.conv2dTranspose(image(), given([3, 2, 3, 2], "float32", 2) as tf.Tensor4D, [2, 4, 5, 3], 1, "same"),
  },
  Conv3D: {
    volume: () => tf.conv3d(volume(), given([2, 2, 2, 2, 3], "float32", 2) as tf.Tensor5D, 1, "same"),
    none: () => tf.conv3d(volume(0), given([2, 2, 2, 2, 3], "float32", 2) as tf.Tensor5D, 1, "same"),
  },
  MaxPool: {
    image: () => tf.maxPool(image(), 2, 1, "same"),
    none: () => tf.maxPool(noImage(), 2, 1, "same"),
  },
  MaxPool3D: {
    volume: () => tf.maxPool3d(volume(), 2, 1, "same"),
    none: () => tf.maxPool3d(volume(0), 2, 1, "same"),
  },
};
