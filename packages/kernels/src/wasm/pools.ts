/** @file Pools and their gradients by WebAssembly. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Axis } from "../conv-geometry.ts";
import { sizeOf } from "../shape.ts";
import { wasmRun } from "./call.ts";
import { poolModule } from "./pool.generated.ts";
import { windowsAt } from "./windows.ts";

/**
 * A pool, or what its gradient is.
 * - `largest`, `means`: the pool of one array.
 * - `shares`: the gradient of `means`, of the gradient of its result.
 * - `toLargest`: that of `largest`, of the gradient of its result and its input.
 */
export type PoolFunction = "largest" | "means" | "shares" | "toLargest";

/**
 * Runs a pool.
 * @param shape - `[N, ...input, C]`, the shape that the windows read.
 * @returns `undefined` where WebAssembly is out of reach, for other dtypes than float32, and for
 * empty tensors.
 */
export function poolByWasm(
  backend: object,
  name: PoolFunction,
  inputs: readonly TensorInfo[],
  shape: readonly number[],
  axes: readonly Axis[],
): TensorInfo | undefined {
  const [images, channels] = [shape[0]!, shape.at(-1)!];
  const outputs = [images, ...axes.map((a) => a.output), channels];
  if (inputs.some(({ dtype }) => dtype !== "float32")) return undefined;
  if (sizeOf(shape) === 0 || sizeOf(outputs) === 0) return undefined;
  const windows = windowsAt(shape, axes);
  const isForward = name === "largest" || name === "means";
  const results = wasmRun(backend, {
    module: poolModule,
    inputs,
    outputs: [{ shape: isForward ? outputs : shape, dtype: "float32" }],
    scratch: windows.bytes,
    run: (functions, { inputs: [first = 0, second = 0], outputs: [to = 0], scratch, memory }) => {
      if (!isForward) new Float32Array(memory.buffer, to, sizeOf(shape)).fill(0);
      const read = { largest: first, means: first, shares: to, toLargest: second }[name];
      windows.run(functions[name], read, isForward ? to : first, to, scratch, memory);
    },
  });
  return results?.[0];
}
