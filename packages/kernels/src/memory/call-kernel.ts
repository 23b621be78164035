/** @file Runs a kernel by its name, past the engine where nobody looks on. */
import * as tf from "@tensorflow/tfjs-core";
import type { NamedAttrMap, NamedTensorMap, Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { isRecording } from "../engine.ts";
import { isRecorded } from "../recorder.ts";

/** The inputs of a kernel: by name, or a list. Optional ones may be missing. */
export type KernelInputs = Readonly<Record<string, Tensor | null | undefined>> | readonly Tensor[];

/** What the engine's types do not declare. */
interface ProfilingEngine {
  readonly state: { readonly profiling: boolean };
}

/** Whether somebody wants to see each kernel: a tape, a recorder, `tf.profile`, the debug mode. */
const isWatched = (): boolean =>
  isRecording() ||
  isRecorded() ||
  (tf.engine() as unknown as ProfilingEngine).state.profiling ||
  tf.env().getBool("DEBUG");

const asTensor = (made: TensorInfo): Tensor =>
  // Kernels that are made of ops return tensors.
  made instanceof tf.Tensor ? made : tf.engine().makeTensorFromTensorInfo(made);

/**
 * Runs a kernel. Where nobody looks on, it is called past the engine, which costs more than a small
 * kernel does. Call it in a scope: that frees what else the kernel makes.
 */
export function callKernel(name: string, inputs: KernelInputs, attrs: object): Tensor | Tensor[] {
  const engine = tf.engine();
  // `getKernel` is typed as if every kernel existed. The engine has the words for one that does not.
  const kernel = isWatched() ? undefined : (tf.getKernel(name, tf.getBackend()) ?? undefined);
  if (!kernel) return engine.runKernel(name, inputs as unknown as NamedTensorMap, attrs as NamedAttrMap);
  const made = kernel.kernelFunc({
    inputs: inputs as unknown as NamedTensorMap,
    attrs: attrs as NamedAttrMap,
    backend: engine.backend,
  });
  return Array.isArray(made) ? made.map(asTensor) : asTensor(made);
}
