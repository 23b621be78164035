/** @file Depthwise convolutions and their gradients by WebAssembly. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Axis } from "../conv-geometry.ts";
import { sizeOf } from "../shape.ts";
import { wasmRun } from "./call.ts";
import { depthwiseModule } from "./depthwise.generated.ts";
import { windowsAt } from "./windows.ts";

/** A depthwise convolution, or one of its gradients. */
export type DepthwiseFunction = "convolution" | "inputGradient" | "filterGradient";

/**
 * Runs a depthwise convolution with one filter for each channel.
 * @param a - What the convolution or the gradient takes first: x, or dy for the gradient of x.
 * @param b - The filter `[...window, 1, C]`, or dy for the gradient of the filter.
 * @returns `undefined` where WebAssembly is out of reach, for other dtypes than float32, and for
 * empty tensors.
 */
export function depthwiseByWasm(
  backend: object,
  name: DepthwiseFunction,
  a: TensorInfo,
  b: TensorInfo,
  axes: readonly Axis[],
): TensorInfo | undefined {
  const [images, channels] = [a.shape[0]!, a.shape.at(-1)!];
  const x = [images, ...axes.map((axis) => axis.input), channels];
  const shape = {
    convolution: [images, ...axes.map((axis) => axis.output), channels],
    inputGradient: x,
    filterGradient: [...axes.map((axis) => axis.window), 1, channels],
  }[name];
  if (a.dtype !== "float32" || b.dtype !== "float32") return undefined;
  if ([a.shape, b.shape, shape].some((each) => sizeOf(each) === 0)) return undefined;
  const windows = windowsAt(x, axes);
  const results = wasmRun(backend, {
    module: depthwiseModule,
    inputs: [a, b],
    outputs: [{ shape, dtype: "float32" }],
    scratch: windows.bytes,
    run: (functions, { inputs: [first = 0, second = 0], outputs: [to = 0], scratch, memory }) => {
      if (name !== "convolution") new Float32Array(memory.buffer, to, sizeOf(shape)).fill(0);
      const [image, out, weights] = {
        convolution: [first, to, second],
        inputGradient: [to, first, second],
        filterGradient: [first, second, to],
      }[name] as [number, number, number];
      windows.run(functions[name], image, out, weights, scratch, memory);
    },
  });
  return results?.[0];
}
