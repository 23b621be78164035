/**
 * @file Runs several element-wise steps in one loop. One op per step would read and write every
 * value each time.
 */
import { engine, type Tensor, type TensorInfo } from "@tensorflow/tfjs-core";
import { hasReachableMemory } from "../backends.ts";
import { sizeOf } from "../shape.ts";
import { wasmCall } from "./call.ts";
import { backendOf } from "../engine.ts";
import { type ElementKernel, type FuseCall, type FusedLoop, type MadeFrom, recorder } from "../recorder.ts";
import { loops } from "../memory/access.ts";

/**
 * Computes float32 tensors with one loop over the values of others, without copies. Nothing is
 * recorded on a tape, so the caller has to provide the gradient.
 * @param shapes - The shapes of the results.
 * @param loop - Writes every element of each output. It must not keep the arrays or write to the
 * inputs.
 * @param kernel - What computes the same more quickly. The loop runs where it cannot.
 * @param made - Where the loop depends on a key: how it is made of another one.
 * @returns The results, or `undefined` when an input is not float32 or its values cannot be
 * accessed in place (all backends but cpu and wasm).
 */
export function fuse(
  inputs: readonly Tensor[],
  shapes: readonly (readonly number[])[],
  loop: FusedLoop,
  kernel?: ElementKernel,
  made?: MadeFrom<FusedLoop>,
): Tensor[] | undefined {
  const call = { inputs, shapes, loop, kernel, made };
  return recorder ? recorder.fuse(call, () => fuseNow(call)) : fuseNow(call);
}

function fuseNow({ inputs, shapes, loop, kernel }: FuseCall): Tensor[] | undefined {
  const { backend } = engine();
  for (const { dtype, dataId } of inputs) {
    if (dtype !== "float32" || backendOf(dataId) !== backend) return undefined;
  }
  if (!hasReachableMemory()) return undefined;
  return runLoop(backend, inputs, shapes, loop, kernel).map((info) =>
    engine().makeTensorFromTensorInfo(info),
  );
}

/** Runs the loop, or the kernel that computes the same. All inputs are float32 and within reach. */
export function runLoop(
  backend: object,
  inputs: readonly TensorInfo[],
  shapes: readonly (readonly number[])[],
  loop: FusedLoop,
  kernel: ElementKernel | undefined,
): TensorInfo[] {
  const outputs = shapes.map((shape) => ({ shape, dtype: "float32" as const }));
  const scalars = kernel && [sizeOf(shapes[0] ?? []), ...kernel.scalars];
  return (
    (kernel && wasmCall(backend, kernel.module, kernel.name, inputs, outputs, scalars)) ??
    // All inputs and outputs are float32, so the arrays that `loop` receives are Float32Arrays.
    loops(backend, inputs, outputs, loop as Parameters<typeof loops>[3])
  );
}
