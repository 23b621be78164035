/** @file Kernels over whole axes: sums and their like, softmax, normalisation. */
import { callKernel, inShape, type Tensor } from "../../tensor.ts";
import { type BatchRule, call, type Operand, operand, shifted, whole } from "./rule.ts";

/** @param attr - The kernel's name for the axes. */
const reduction =
  (attr: string): BatchRule =>
  ({ name, size, inputs: [x], attrs, outputs: [y] }) => {
    const rank = x!.shape.length;
    const given = attrs[attr] as number | readonly number[] | undefined | null;
    const axes = given === undefined || given === null ? x!.shape.map((_, i) => i) : [given].flat();
    if (axes.length === 0) return undefined;
    const all = axes.map((axis) => shifted(axis, rank));
    const isOne = typeof given === "number" && (name === "ArgMax" || name === "ArgMin");
    const made = call(name, { x: x!.tensor }, { ...attrs, [attr]: isOne ? all[0] : all });
    return made.rank === y!.shape.length + 1 ? made : inShape(made, [size, ...y!.shape]);
  };

const softmax: BatchRule = ({ inputs: [logits], attrs }) =>
  call(
    "Softmax",
    { logits: logits!.tensor },
    { ...attrs, dim: shifted(attrs.dim as number, logits!.shape.length) },
  );

const logSoftmax: BatchRule = ({ inputs: [logits], attrs }) =>
  call(
    "LogSoftmax",
    { logits: logits!.tensor },
    { ...attrs, axis: shifted(attrs.axis as number, logits!.shape.length) },
  );

/** Kernels of rows that lie one after the other: there are more of them. */
const rows: BatchRule = ({ name, size, named, attrs, outputs }) => {
  const given: Record<string, Tensor> = {};
  for (const key in named) given[key] = whole(named[key]!, size);
  const made = callKernel(name, given, attrs) as Tensor;
  return inShape(made, [size, ...outputs[0]!.shape]);
};

/** The layout of a tensor that is normalised, as the kernel has it. */
interface Layout {
  readonly outer: number;
  readonly rows: number;
  readonly groups: number;
  readonly size: number;
  readonly byGroup: boolean;
  readonly withMoments: boolean;
}

/** Scale and bias of each slice are applied after the kernel, which knows one of them. */
const normalize: BatchRule = (given) => {
  const { size, attrs, outputs } = given;
  const layout = attrs as unknown as Layout;
  const x = operand(given, "x");
  const { scale, bias } = given.named;
  const isOne = (vector: Operand | undefined): boolean => vector === undefined || !vector.isBatched;
  const more = { ...attrs, outer: layout.outer * size };
  const shaped = (made: Tensor | readonly Tensor[]): Tensor[] =>
    [made].flat().map((each, i) => inShape(each, [size, ...outputs[i]!.shape]));
  if (isOne(scale) && isOne(bias)) {
    const inputs: Record<string, Tensor> = { x: whole(x, size) };
    if (scale) inputs.scale = scale.tensor;
    if (bias) inputs.bias = bias.tensor;
    return shaped(callKernel("NnxNormalize", inputs, more));
  }
  const [y, ...moments] = shaped(callKernel("NnxNormalize", { x: whole(x, size) }, more));
  const { outer, rows: count, groups, size: width, byGroup } = layout;
  const along = (vector: Operand): Tensor =>
    inShape(vector.tensor, [vector.isBatched ? size : 1, 1, groups, byGroup ? 1 : width]);
  let result = inShape(y!, [size, outer * count, groups, width]);
  if (scale) result = call("Multiply", { a: result, b: along(scale) });
  if (bias) result = call("Add", { a: result, b: along(bias) });
  return [inShape(result, [size, ...outputs[0]!.shape]), ...moments];
};

const rowNames = [
  "NnxSoftmaxBack,NnxLogSoftmax,NnxLogSoftmaxBack,NnxLogSumExp,NnxLogSumExpBack",
  "NnxLabelEntropy,NnxLabelEntropyBack,NnxEntropy,NnxEntropyBack",
].flatMap((names) => names.split(","));

const reductionNames = "Sum,Mean,Min,Prod,All,Any,ArgMax,ArgMin".split(",");

export const reducing: ReadonlyMap<string, BatchRule> = new Map<string, BatchRule>([
  ...reductionNames.map((name) => [name, reduction("axis")] as const),
  ["Max", reduction("reductionIndices")],
  ["Softmax", softmax],
  ["LogSoftmax", logSoftmax],
  ...rowNames.map((name) => [name, rows] as const),
  ["NnxNormalize", normalize],
]);
