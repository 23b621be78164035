/** @file Reads tensors before a function needs their values. */
import { refuseDisposed } from "../state/disposed.ts";
import { forEachTensor } from "../ownership/tensors-in.ts";
import { keepValues, type Tensor } from "../tensor.ts";

/**
 * Reads the values of tensors without blocking, and keeps them as long as the tensors live. A
 * function whose text says that it reads a tensor then has them at once: on a GPU it would make
 * everything wait otherwise. On cpu and wasm nothing has to be done.
 * @param what - A tensor, or arrays, plain objects and Maps of them.
 * @returns the same.
 * @throws {@link DisposedError} for a disposed tensor.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const images = tf.ones([10, 4]);
 * nnx.random.choice(nnx.random.key(0), await nnx.readAhead(images), [3]).shape; // => [3, 4]
 * ```
 */
export async function readAhead<T>(what: T): Promise<T> {
  refuseDisposed("readAhead", [what]);
  const tensors: Tensor[] = [];
  forEachTensor(what, (tensor) => tensors.push(tensor));
  await Promise.all(tensors.map(keepValues));
  return what;
}
