/** @file Kernels that are called past the engine, which costs more than small ones do. */
import { engine, type Tensor, type TensorInfo } from "@tensorflow/tfjs-core";
import { type ComputeBatch, type ComputeCall, recorder } from "../recorder.ts";

/**
 * A tensor of what `run` makes. Nothing is recorded on a tape, so the caller has to provide the
 * gradient.
 * @param run - Gets the inputs. The same inputs give the same result.
 * @param batch - The same for many inputs at once.
 * @param shape - Of the result, which is float32, where the caller knows it.
 * @returns undefined where `run` returns that.
 */
export function computed(
  inputs: readonly Tensor[],
  run: ComputeCall["run"],
  batch?: ComputeBatch,
  shape?: readonly number[],
): Tensor | undefined {
  const now = (): Tensor | undefined => {
    const info: TensorInfo | undefined = run(inputs);
    return info && engine().makeTensorFromTensorInfo(info);
  };
  return recorder ? recorder.compute({ inputs, run, batch, shape }, now) : now();
}
