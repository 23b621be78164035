/** @file Kernels that compute each element by itself. */
import { callKernel, sameShape, type Tensor } from "../../tensor.ts";
import { aligned, type BatchCall, type BatchRule, call, type Operand, whole } from "./rule.ts";

/** Inputs are broadcast to one shape. */
const broadcasting: BatchRule = ({ name, size, named, attrs, outputs }) => {
  const rank = outputs[0]?.shape.length ?? 0;
  const inputs: Record<string, Tensor> = {};
  for (const key in named) inputs[key] = aligned(named[key]!, rank, size);
  return callKernel(name, inputs, attrs);
};

/** Inputs have one shape. */
const alike: BatchRule = ({ name, size, named, attrs, inputs }) => {
  const [first] = inputs;
  for (let i = 1; i < inputs.length; i++)
    if (!sameShape((inputs[i] as Operand).shape, (first as Operand).shape)) return undefined;
  const given: Record<string, Tensor> = {};
  for (const key in named) given[key] = whole(named[key]!, size);
  return callKernel(name, given, attrs);
};

/** A list of inputs of one shape. */
const listed: BatchRule = ({ name, size, inputs, attrs }) =>
  callKernel(
    name,
    inputs.map((each) => whole(each, size)),
    attrs,
  );

/** Optimizers' steps: numbers for all, then tensors of one shape for each parameter. */
const step: BatchRule = ({ name, size, inputs, attrs }) => {
  const [numbers, ...leaves] = inputs;
  if (!numbers || numbers.isBatched) return undefined;
  return callKernel(name, [numbers.tensor, ...leaves.map((leaf) => whole(leaf, size))], attrs);
};

const same: BatchRule = ({ inputs }: BatchCall) => inputs[0]?.tensor;

const cast: BatchRule = ({ inputs: [x], attrs }) => call("Cast", { x: x!.tensor }, attrs);

const broadcastNames = [
  ..."Add,Sub,Multiply,RealDiv,FloorDiv,Mod,Pow,Maximum,Minimum,SquaredDifference,Atan2".split(","),
  ..."Equal,NotEqual,Less,LessEqual,Greater,GreaterEqual,LogicalAnd,LogicalOr,BitwiseAnd".split(","),
  ..."Prelu,NnxAbove,NnxSelect".split(","),
];

const alikeNames = [
  ..."Abs,Acos,Acosh,Asin,Asinh,Atan,Atanh,Ceil,ClipByValue,Cos,Cosh,Elu,EluGrad,Erf,Exp,Expm1".split(","),
  ..."Floor,IsFinite,IsInf,IsNan,LeakyRelu,Log,Log1p,LogicalNot,Neg,OnesLike,Reciprocal,Relu".split(","),
  ..."Relu6,Round,Rsqrt,Select,Selu,Sigmoid,Sign,Sin,Sinh,Softplus,Sqrt,Square,Step,Tan,Tanh".split(","),
  ..."ZerosLike,NnxPositive,NnxNotNegative,NnxMasked".split(","),
  ..."NnxSilu,NnxGelu,NnxGeluErf,NnxSiluGrad,NnxGeluGrad,NnxGeluErfGrad,NnxReluGrad".split(","),
  ..."NnxSiluCurve,NnxGeluCurve,NnxGeluErfCurve".split(","),
  ..."NnxErfGrad,NnxSoftplusGrad,NnxAbsGrad,NnxSqrtGrad,NnxSquareGrad,NnxSigmoidGrad".split(","),
  ..."NnxTanhGrad,NnxSeluGrad,NnxEluGrad,NnxLeakyReluGrad".split(","),
];

const stepNames = [
  ..."Plain,Adam,Radam,Amsgrad,Adamax,Belief,Yogi,Adan,Momentum,Rms,Stddev,Adagrad".split(","),
  ..."Adadelta,Lion,Sign,Ema".split(","),
].map((each) => `Nnx${each}Step`);

export const elementwise: ReadonlyMap<string, BatchRule> = new Map<string, BatchRule>([
  ...broadcastNames.map((name) => [name, broadcasting] as const),
  ...alikeNames.map((name) => [name, alike] as const),
  ...stepNames.map((name) => [name, step] as const),
  ["AddN", listed],
  ["Identity", same],
  ["Cast", cast],
]);
