/** @file Tensors that say so when somebody frees them, or computes with freed ones. */
import * as tf from "@tensorflow/tfjs-core";
import { isAlive } from "@nnxjs/kernels/internal";
import { disposedAdvice, DisposedError, disposedText } from "../errors.ts";

type Tensor = tf.Tensor;

/** The fields needed to free a tensor's data after the tensor object itself was collected. */
export type TensorRemains = Pick<Tensor, "dataId" | "dtype" | "size">;

/** Frees the data of a tensor whose object was collected. */
export function disposeRemains(remains: TensorRemains): void {
  // The engine reads these three fields only; the tensor object itself no longer exists.
  tf.engine().disposeTensor(remains as Tensor);
}

/**
 * Returns a function that guards the tensors that Variables and States hold. `onDispose` is called
 * when somebody frees a guarded tensor. `data()` and `dataSync()` of a guarded tensor return
 * copies: on the cpu backend `dataSync()` returns the array that the model computes with, and
 * writing to it would change the model.
 */
export function makeGuard(onDispose: (tensor: Tensor) => void): (tensor: Tensor) => void {
  const { prototype } = tf.Tensor;
  const refuse = function (this: Tensor): never {
    throw new DisposedError(disposedText("Tensor", this));
  };
  // All guarded tensors share these functions, since a model may have thousands of leaves.
  const dispose = function (this: Tensor): void {
    if (this.isDisposed) return;
    onDispose(this);
    prototype.dispose.call(this);
    // Every method of a tensor calls `throwIfDisposed` first. The types do not declare it.
    (this as { throwIfDisposed?: () => void }).throwIfDisposed = refuse;
  };
  const dataSync = function <D extends tf.DataType>(this: Tensor): tf.DataTypeMap[D] {
    return prototype.dataSync.call(this).slice() as tf.DataTypeMap[D];
  };
  const data = async function <D extends tf.DataType>(this: Tensor): Promise<tf.DataTypeMap[D]> {
    return (await prototype.data.call(this)).slice() as tf.DataTypeMap[D];
  };
  let isInstalled = false;
  return (tensor) => {
    if (!isInstalled) {
      sayDisposed();
      // Test runners print copies of what they compare. An object with a tag is not copied, and the
      // copy of a tensor would have no data to print.
      Object.defineProperty(prototype, Symbol.toStringTag, { value: "Tensor", configurable: true });
    }
    isInstalled = true;
    tensor.dispose = dispose;
    tensor.dataSync = dataSync;
    tensor.data = data;
  };
}

/**
 * The engine's members for finding data that a backend does not have. They exist at run time, but
 * its types do not declare them.
 */
interface DataEngine {
  moveData(backend: unknown, dataId: object): void;
}

/**
 * Makes ops throw {@link DisposedError} for a disposed input. tensorflow.js itself fails with a
 * TypeError, because it reads a property of `undefined`. Kernels call `moveData` only for data that
 * their backend does not have, so live inputs cost nothing.
 */
function sayDisposed(): void {
  const engine = tf.engine() as unknown as DataEngine;
  const moveData = engine.moveData.bind(engine);
  engine.moveData = (backend, dataId): void => {
    if (!isAlive(dataId)) {
      throw new DisposedError(
        `Tensor: expected live tensors as inputs of ops, got one that was disposed. ${disposedAdvice}`,
      );
    }
    moveData(backend, dataId);
  };
}
