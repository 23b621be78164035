/** @file Tensors that are written in place. */
import { engine, tensor, type Tensor } from "@tensorflow/tfjs-core";
import { sizeOf } from "../shape.ts";
import { type ElementArrays, isHeap, loop, zerosOf } from "./access.ts";

/**
 * A tensor whose elements `fill` writes, without a copy on the cpu and on the wasm backend. Not
 * recorded on a tape.
 * @param fill - Gets zeros to write to; it must not keep the array.
 */
export function newTensor<D extends keyof ElementArrays>(
  dtype: D,
  shape: readonly number[],
  fill: (elements: ElementArrays[D]) => void,
): Tensor {
  const { backend } = engine();
  if (isHeap(backend)) {
    const info = loop(backend, [], { shape, dtype }, (_inputs, out) => {
      out.fill(0);
      // The array is of the dtype that was asked for.
      fill(out as ElementArrays[D]);
    });
    return engine().makeTensorFromTensorInfo(info);
  }
  const elements = zerosOf(dtype, sizeOf(shape));
  fill(elements);
  return tensor(elements, [...shape], dtype);
}
