/** @file The shape and dtype of what each kernel of tensorflow.js returns. */
import { backend_util, type DataType } from "@tensorflow/tfjs-core";
import { axesOf, keepDims } from "../shape.ts";
import { ownKernelNames } from "../own-kernel-names.ts";
import { convShapes } from "./conv-shapes.ts";
import { moveShapes } from "./move-shapes.ts";
import { type Axis, first, listed, misfit, type Shaped, shapeIn, type ShapeRule } from "./shape-rule.ts";

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
  ...moveShapes,
  [ownKernelNames.positive]: to("bool"),
  [ownKernelNames.notNegative]: to("bool"),
  [ownKernelNames.above]: binary("float32"),
  Einsum: einsum,
  Cast: (inputs, attrs) => ({ shape: first(inputs).shape, dtype: (attrs as { dtype: DataType }).dtype }),
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
