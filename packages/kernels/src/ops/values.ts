/** @file Tensors from plain values, and plain values from tensors. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { hasReachableMemory } from "../backends.ts";
import { backendOf } from "../engine.ts";
import { isRecorded, recorder } from "../recorder.ts";

/** A tensor of any dtype and shape. */
export const tensorOf = (
  values: readonly number[],
  shape: readonly number[],
  dtype: "float32" | "int32" | "bool",
): Tensor => tf.tensor([...values], [...shape], dtype);

/** The values of a tensor of numbers. */
export type TensorValues = Float32Array | Int32Array | Uint8Array;

/** Values of tensors on a GPU, by their data. */
const ahead = new WeakMap<object, TensorValues>();
/** What has waited for a GPU and said so. */
const warned = new Set<string>();

/** What helps where the caller has the tensor whose values are needed. */
const READ_AHEAD = "Call await nnx.readAhead(x) with the tensor before.";

/**
 * The values of a tensor of numbers, for decisions that depend on them. Do not write to them. On a
 * GPU it waits until the backend has them, and warns of that, once for each `where`, unless
 * tensorflow.js is in its production mode.
 * @param where - The public function that needs the values; its text says that it reads.
 * @param advice - How to read without waiting. @defaultValue to read the tensor ahead
 */
export function valuesOf(x: Tensor, where: string, advice: string = READ_AHEAD): TensorValues {
  if (hasReachableMemory()) return x.dataSync();
  const values = ahead.get(x.dataId);
  if (values) {
    recorder?.read(x.dataId);
    return values;
  }
  if (!warned.has(where) && isOnGpu(x)) {
    warned.add(where);
    tf.backend_util.warn(
      `${where}: expected values that need no waiting, got a tensor on the GPU, for which everything stops. ${advice}`,
    );
  }
  return x.dataSync();
}

/** Whether {@link valuesOf} waits for a GPU, or must not read because the run is recorded. */
export const isAwaited = (x: Tensor): boolean =>
  !hasReachableMemory() && (isRecorded() || (isOnGpu(x) && !ahead.has(x.dataId)));

/** The value of a scalar, as {@link valuesOf} gives it. */
export const scalarOf = (x: Tensor, where: string, advice?: string): number =>
  valuesOf(x, where, advice)[0] as number;

/** What the backends on a GPU know of data; there at run time, but not in their types. */
interface GpuBackend {
  readonly texData?: GpuStore;
  readonly tensorMap?: GpuStore;
}
interface GpuStore {
  get(dataId: object): { readonly values?: unknown } | undefined;
}

/** Whether a tensor has no values outside of the GPU. */
function isOnGpu({ dataId }: Tensor): boolean {
  const backend = backendOf(dataId) as GpuBackend | undefined;
  const store = backend?.texData ?? backend?.tensorMap;
  return store !== undefined && store.get(dataId)?.values == null;
}

/**
 * Reads the values of a tensor without blocking, and keeps them as long as its data: {@link valuesOf}
 * has them at once then.
 */
export async function keepValues(x: Tensor): Promise<void> {
  if (hasReachableMemory() || x.dtype === "string" || x.dtype === "complex64" || ahead.has(x.dataId)) return;
  const { dataId } = x;
  ahead.set(dataId, await x.data());
}
