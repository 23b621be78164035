/** @file The only file of this package that imports the array library. */
import * as tf from "@tensorflow/tfjs-core";

export { isTensor } from "@nnxjs/kernels/internal";

/** An immutable array: tensorflow.js's. */
export type Tensor = tf.Tensor;

/** A tensor that may be passed where one of a certain rank is expected. */
// biome-ignore lint/suspicious/noExplicitAny: no other rank can be assigned to each of them.
export type TensorOfAnyRank = tf.Tensor<any>;

/** The types of elements that the kit makes. */
export type Dtype = "float32" | "int32" | "bool";

/** A tensor of these numbers. Booleans are 0 and 1. */
export const tensorOf = (values: readonly number[], shape: readonly number[], dtype: Dtype): Tensor => {
  const array =
    dtype === "float32"
      ? Float32Array.from(values)
      : dtype === "int32"
        ? Int32Array.from(values)
        : Uint8Array.from(values);
  return tf.tensor(array, [...shape], dtype);
};

export const clone = (x: Tensor): Tensor => tf.clone(x);
export const abs = (x: Tensor): Tensor => tf.abs(x);
export const gather: typeof tf.gather = tf.gather;
export const reshape = (x: Tensor, shape: readonly number[]): Tensor => tf.reshape(x, [...shape]);
export const slice: typeof tf.slice = tf.slice;
export const mul: typeof tf.mul = tf.mul;
export const add: typeof tf.add = tf.add;
export const sum: typeof tf.sum = tf.sum;
export const scalar: typeof tf.scalar = tf.scalar;

/** What the engine and the backend hold now. */
export interface Held {
  readonly tensors: number;
  readonly bytes: number;
  /** Pieces of data on the backend. A kernel that forgets its own results leaves them there. */
  readonly data: number;
}

export const heldNow = (): Held => {
  const { numTensors, numBytes, numDataBuffers } = tf.memory();
  return { tensors: numTensors, bytes: numBytes, data: numDataBuffers + tf.backend().numDataIds() };
};

export const backendNow = (): string => tf.getBackend();

/** Uses a backend, which has to be registered. @returns whether it is in use now. */
export async function useBackend(name: string): Promise<boolean> {
  // It is null for a backend that nobody registered, though its type does not say so.
  if (typeof tf.findBackendFactory(name) !== "function") return false;
  const isThere = await tf.setBackend(name);
  await tf.ready();
  return isThere;
}
