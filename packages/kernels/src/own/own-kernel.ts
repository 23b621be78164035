/** @file How to write a kernel that tensorflow.js does not have, and to call one. */
import * as tf from "@tensorflow/tfjs-core";
import type { KernelConfig, NamedAttrMap, Tensor, TensorInfo } from "@tensorflow/tfjs-core";

type Inputs = Readonly<Record<string, TensorInfo>>;

/** A kernel for cpu and wasm. Its attributes are plain data. */
export const onBoth = <A>(
  kernelName: string,
  run: (backend: object, inputs: Inputs, attrs: A) => TensorInfo | TensorInfo[],
): KernelConfig[] =>
  ["cpu", "wasm"].map((backendName) => ({
    kernelName,
    backendName,
    kernelFunc: ({ inputs, backend, attrs }) => run(backend, inputs as Inputs, attrs as A),
  }));

/** Runs an own kernel. Returns `undefined` where the backend does not have it. */
export function runOwn(
  kernelName: string,
  inputs: Record<string, Tensor>,
  attrs?: object,
): Tensor | undefined {
  // `getKernel` is typed as if every kernel existed. It returns undefined where none is registered.
  const registered = tf.getKernel(kernelName, tf.getBackend()) as KernelConfig | undefined;
  return registered && tf.engine().runKernel(kernelName, inputs, attrs as NamedAttrMap);
}
