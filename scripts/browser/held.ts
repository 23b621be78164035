/** @file What the backend in use holds. */
import * as tf from "@tensorflow/tfjs-core";

/** Tensors, what their data take, and memory of the GPU. */
export interface Held {
  readonly tensors: number;
  readonly buffers: number;
  /** Of the GPU's memory, what tensors use: `numBytesInGPU`, which cpu and wasm do not have. */
  readonly bytes: number;
}

/**
 * What is held now. webgpu lets go of memory when it next submits work, so that something is computed and read
 * first.
 */
export async function held(): Promise<Held> {
  const x = tf.tidy(() => tf.add(tf.zeros([2]), 1));
  await x.data();
  x.dispose();
  const { numTensors: tensors, numDataBuffers: buffers } = tf.memory();
  return { tensors, buffers, bytes: (tf.memory() as { numBytesInGPU?: number }).numBytesInGPU ?? 0 };
}
