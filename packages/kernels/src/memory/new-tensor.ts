/** @file Tensors whose elements are written in place. */
import { engine, tensor, type Tensor } from "@tensorflow/tfjs-core";
import { abstractBackend, tensorWithoutValues } from "../abstract/without-values.ts";
import { sizeOf } from "../shape.ts";
import { type ElementArrays, isHeap, loop, zerosOf } from "./access.ts";

/**
 * Creates a tensor and lets `fill` write its elements. cpu and wasm need no copy for this. It is
 * not recorded on a tape. Where only shapes are computed, `fill` is not called.
 * @param fill - Receives an array of zeros to write to. It must not keep the array.
 */
export function newTensor<D extends keyof ElementArrays>(
  dtype: D,
  shape: readonly number[],
  fill: (elements: ElementArrays[D]) => void,
): Tensor {
  if (abstractBackend()) return tensorWithoutValues(shape, dtype);
  const { backend } = engine();
  if (isHeap(backend)) {
    const info = loop(backend, [], { shape, dtype }, (_inputs, out) => {
      out.fill(0);
      // `out` has the dtype that was asked for.
      fill(out as ElementArrays[D]);
    });
    return engine().makeTensorFromTensorInfo(info);
  }
  const elements = zerosOf(dtype, sizeOf(shape));
  fill(elements);
  return tensor(elements, [...shape], dtype);
}
