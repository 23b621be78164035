/** @file Element-wise kernels of tensorflow.js, by WebAssembly. */
import type * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { isHeap } from "../memory/access.ts";
import { type Mend, mend } from "../mend.ts";
import { sameShape, sizeOf } from "../shape.ts";
import { wasmRun } from "./call.ts";
import { exponentialsModule } from "./exponentials.generated.ts";
import { logarithmsModule } from "./logarithms.generated.ts";
import type { WasmModule } from "./module.ts";
import { plainModule } from "./plain.generated.ts";

/** Up to so many elements, on cpu a kernel of few operations is quicker than the way into ours. */
const FEW = 128;

/** Whether few operations for each of so many elements are worth a call. */
export const isWorthCopying = (backend: object, size: number): boolean => size > (isHeap(backend) ? 0 : FEW);

/**
 * One of the functions `(…inputs, output, length, …numbers)`, on float32 tensors of one shape.
 * @returns `undefined` for other tensors, for empty ones, and where WebAssembly is out of reach.
 */
export function eachElement<F extends string>(
  backend: object,
  module: WasmModule<F>,
  name: F,
  inputs: readonly TensorInfo[],
  numbers: readonly number[] = [],
): TensorInfo | undefined {
  const [{ shape }] = inputs as [TensorInfo];
  const size = sizeOf(shape);
  if (size === 0) return undefined;
  for (const input of inputs) {
    if (input.dtype !== "float32" || !sameShape(input.shape, shape)) return undefined;
  }
  const results = wasmRun(backend, {
    module,
    inputs,
    outputs: [{ shape, dtype: "float32" }],
    elements: size,
    run: (functions, { inputs: from, outputs: to }, count) =>
      functions[name](...from, ...to, count, ...numbers),
  });
  return results?.[0];
}

type Functions = typeof plainModule extends WasmModule<infer F> ? F : never;

/** A kernel of one tensor, by a function of a module. */
export const unary = <F extends string>(
  kernelName: string,
  backends: readonly string[],
  module: WasmModule<F>,
  name: F,
): Mend =>
  mend<"x">(
    kernelName,
    backends,
    ({ inputs: { x }, backend, stock }) => eachElement(backend, module, name, [x]) ?? stock(),
  );

const plain = <A>(
  kernelName: string,
  backends: readonly string[],
  name: Functions,
  numbers: (attrs: A) => readonly number[] = () => [],
): Mend =>
  mend<"x", A>(kernelName, backends, ({ inputs: { x }, attrs, backend, stock }) => {
    if (!isWorthCopying(backend, sizeOf(x.shape))) return stock();
    return eachElement(backend, plainModule, name, [x], numbers(attrs)) ?? stock();
  });

const both = ["cpu", "wasm"];
// tensorflow.js has these two by XNNPACK on wasm, which is as quick.
const cpu = ["cpu"];

/** Quicker kernels of exponentials, logarithms and the error function. */
export const elementwise: readonly Mend[] = [
  unary("Exp", both, exponentialsModule, "exp"),
  unary("Expm1", both, exponentialsModule, "expm1"),
  unary("Tanh", both, exponentialsModule, "tanh"),
  unary("Sigmoid", cpu, exponentialsModule, "sigmoid"),
  unary("Elu", cpu, exponentialsModule, "elu"),
  unary("Selu", both, exponentialsModule, "selu"),
  unary("Log", both, logarithmsModule, "log"),
  unary("Log1p", both, logarithmsModule, "log1p"),
  unary("Softplus", both, logarithmsModule, "softplus"),
  plain("LeakyRelu", both, "leakyRelu", ({ alpha }: tf.LeakyReluAttrs) => [alpha]),
  plain("Rsqrt", both, "rsqrt"),
  plain("Relu", both, "relu"),
  plain("Relu6", both, "relu6"),
  plain("ClipByValue", both, "clip", ({ clipValueMin, clipValueMax }: tf.ClipByValueAttrs) => [
    clipValueMin,
    clipValueMax,
  ]),
  plain("Step", cpu, "step", ({ alpha }: tf.StepAttrs) => [alpha]),
  plain("Neg", cpu, "neg"),
  plain("Abs", cpu, "abs"),
  plain("Square", cpu, "square"),
  plain("Sqrt", cpu, "sqrt"),
  plain("Reciprocal", cpu, "reciprocal"),
  plain("Round", cpu, "round"),
  plain("Floor", cpu, "floor"),
  plain("Ceil", cpu, "ceil"),
];
