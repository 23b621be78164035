/**
 * @file Several steps over values in one loop, where an op for each would read and write all of
 * them each time.
 */
import { engine, type Tensor } from "@tensorflow/tfjs-core";
import { hasReachableMemory } from "../backends.ts";
import { loops } from "./access.ts";

/** What the engine knows of data; there at run time, but not in its types. */
interface DataEngine {
  readonly state: { readonly tensorInfo: WeakMap<object, { readonly backend: object }> };
}

/**
 * Several float32 tensors through one loop over their values, without copies, on the backends whose
 * memory can be read and written at once (cpu, wasm); `undefined` on others. Nothing is recorded on
 * a tape: the caller sees to gradients.
 * @param shapes - Of the results.
 * @param loop - Writes every element of each output; it must not keep the arrays, nor write to the
 * inputs.
 */
export function fuse(
  inputs: readonly Tensor[],
  shapes: readonly (readonly number[])[],
  loop: (inputs: readonly Float32Array[], outputs: readonly Float32Array[]) => void,
): Tensor[] | undefined {
  const { backend } = engine();
  const { state } = engine() as unknown as DataEngine;
  for (const { dtype, dataId } of inputs) {
    if (dtype !== "float32" || state.tensorInfo.get(dataId)?.backend !== backend) return undefined;
  }
  if (!hasReachableMemory()) return undefined;
  const outputs = shapes.map((shape) => ({ shape, dtype: "float32" as const }));
  // All of them are float32, and so are their arrays.
  const infos = loops(backend, inputs, outputs, loop as Parameters<typeof loops>[3]);
  return infos.map((info) => engine().makeTensorFromTensorInfo(info));
}
