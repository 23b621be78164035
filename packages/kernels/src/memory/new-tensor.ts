/** @file Tensors whose elements are written in place. */
import { engine, type KernelBackend, type Tensor, type TensorInfo } from "@tensorflow/tfjs-core";
import { abstractBackend, tensorWithoutValues } from "../abstract/without-values.ts";
import { type Fill, type MadeFrom, recorder } from "../recorder.ts";
import { sizeOf } from "../shape.ts";
import { hasReachableMemory } from "../backends.ts";
import { arraysOf, type ElementArrays, isHeap, loop, zerosOf } from "./access.ts";
import { recyclable, zerosFor } from "./recycled.ts";

/**
 * Creates a tensor and lets `fill` write its elements. cpu and wasm need no copy for this. It is
 * not recorded on a tape. Where only shapes are computed, `fill` is not called.
 * @param fill - Receives an array of zeros to write to. It must not keep the array.
 * @param made - Where `fill` depends on a key: how it is made of another one.
 */
export function newTensor<D extends keyof ElementArrays>(
  dtype: D,
  shape: readonly number[],
  fill: (elements: ElementArrays[D]) => void,
  made?: MadeFrom<(elements: ElementArrays[D]) => void>,
): Tensor {
  // It is called with arrays of this dtype only.
  const anyFill = fill as Fill;
  const run = (): Tensor =>
    abstractBackend()
      ? tensorWithoutValues(shape, dtype)
      : engine().makeTensorFromTensorInfo(filledInfo(engine().backend, dtype, shape, anyFill));
  if (!recorder) return run();
  const call = { dtype, shape, fill: anyFill, made: made as MadeFrom<Fill> | undefined };
  return recorder.fill(call, run);
}

/** How a device writes the elements that a function writes. */
type OnDevice = (backend: object, shape: readonly number[]) => TensorInfo | undefined;

const onDevice = new WeakMap<object, OnDevice>();

/**
 * Says how a device writes what `fill` writes, to the bit. `newTensor` then does not call `fill` where the
 * device does it.
 */
export function alsoOnDevice<F extends object>(fill: F, run: OnDevice): F {
  onDevice.set(fill, run);
  return fill;
}

/** The data of a tensor whose elements `fill` writes, unknown to the engine. */
export function filledInfo(
  backend: object,
  dtype: keyof ElementArrays,
  shape: readonly number[],
  fill: Fill,
): TensorInfo {
  if (isHeap(backend)) {
    return loop(backend, [], { shape, dtype }, (_inputs, out) => {
      out.fill(0);
      fill(out);
    });
  }
  const info = onDevice.get(fill)?.(backend, shape);
  if (info) return info;
  if (hasReachableMemory()) {
    const elements = zerosFor(dtype, sizeOf(shape));
    fill(elements);
    return recyclable(backend, shape, dtype, elements);
  }
  const elements = zerosOf(dtype, sizeOf(shape));
  fill(elements);
  if ("makeTensorInfo" in backend) return arraysOf(backend).makeTensorInfo([...shape], dtype, elements);
  // The backend of tfjs-node has only what every backend has.
  return { dataId: (backend as KernelBackend).write(elements, [...shape], dtype), shape: [...shape], dtype };
}
