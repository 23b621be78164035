/** @file Element-wise kernels of tensorflow.js, by WebAssembly. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { type Mend, mend } from "../mends/mend.ts";
import { sameShape, sizeOf } from "../shape.ts";
import { activationsModule } from "./activations.generated.ts";
import { wasmCall } from "./call.ts";
import { exponentialsModule } from "./exponentials.generated.ts";
import { logarithmsModule } from "./logarithms.generated.ts";
import type { WasmModule } from "./module.ts";

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
  return wasmCall(backend, module, name, inputs, [{ shape, dtype: "float32" }], [size, ...numbers])?.[0];
}

const SLOW = "Computes one element at a time, on cpu with a call for each.";

const unary = <F extends string>(
  kernelName: string,
  backends: readonly string[],
  module: WasmModule<F>,
  name: F,
): Mend =>
  mend<"x">(
    kernelName,
    backends,
    SLOW,
    ({ inputs: { x }, backend, stock }) => eachElement(backend, module, name, [x]) ?? stock(),
  );

/** Methods of the wasm backend that its types leave out. */
interface Counting {
  incRef?(dataId: object): void;
}

/** Another tensor over the same data, as on cpu. The backend counts them. */
const identity: Mend = mend<"x">(
  "Identity",
  ["wasm"],
  "Copies. The engine calls it for every tensor that a gradient needs.",
  ({ inputs: { x }, backend, stock }) => {
    const counting = backend as Counting;
    if (x.dtype === "string" || !counting.incRef) return stock();
    counting.incRef(x.dataId);
    return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
  },
);

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
  unary("Erf", both, activationsModule, "erf"),
  identity,
];
