/** @file What the backend in use holds. */
import * as tf from "@tensorflow/tfjs-core";

/** Tensors, what their data take, and memory of the GPU. */
export interface Held {
  readonly tensors: number;
  readonly buffers: number;
  /** Of the GPU's memory, what tensors use: `numBytesInGPU`, which cpu and wasm do not have. */
  readonly bytes: number;
}

/** Lets the finalizers of dropped objects run, those of earlier tests, too. */
async function freeDropped(): Promise<void> {
  const { gc } = globalThis as { gc?: () => void };
  for (let turn = 0; turn < 3; turn++) {
    gc?.();
    await new Promise((done) => setTimeout(done, 20));
  }
}

/**
 * What is held now. webgpu lets go of memory when it next submits work, so that something is computed and read
 * first.
 */
export async function held(): Promise<Held> {
  await freeDropped();
  const x = tf.tidy(() => tf.add(tf.zeros([2]), 1));
  await x.data();
  x.dispose();
  const { numTensors: tensors, numDataBuffers: buffers } = tf.memory();
  return { tensors, buffers, bytes: (tf.memory() as { numBytesInGPU?: number }).numBytesInGPU ?? 0 };
}
