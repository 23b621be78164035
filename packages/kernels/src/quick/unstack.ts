/** @file All slices of a tensor along one axis, in one pass. */
import type { NamedAttrMap, TensorInfo, UnpackAttrs } from "@tensorflow/tfjs-core";
import { type Elements, type LoopDtype, loops } from "../memory/access.ts";
import type { Mend } from "../mends/mend.ts";
import { axesOf, sizeOf } from "../shape.ts";

const isLoopDtype = (dtype: string): dtype is LoopDtype =>
  dtype === "float32" || dtype === "int32" || dtype === "bool";

/** Copies blocks of `inner` elements, `outer` for each slice. */
function distribute(from: Elements, into: readonly Elements[], outer: number, inner: number): void {
  const count = into.length;
  into.forEach((out, index) => {
    for (let block = 0; block < outer; block++) {
      const start = (block * count + index) * inner;
      // A call for a single element costs more than the element.
      if (inner === 1) out[block] = from[start]!;
      else out.set(from.subarray(start, start + inner), block * inner);
    }
  });
}

/** `tf.unstack` with one copy of each element. */
export const unpack: Mend = {
  kernelName: "Unpack",
  backends: ["cpu", "wasm"],
  why: "Makes two tensors for each slice. wasm also copies the whole tensor for each.",
  around:
    (stock) =>
    ({ inputs, attrs, backend }) => {
      const value = inputs.value as TensorInfo;
      const { dtype, shape } = value;
      const [axis] = axesOf((attrs as unknown as UnpackAttrs).axis, shape.length);
      if (axis === undefined || !isLoopDtype(dtype) || sizeOf(shape) === 0)
        return stock({ inputs, attrs: attrs as NamedAttrMap, backend });
      const [ahead, behind] = [shape.slice(0, axis), shape.slice(axis + 1)];
      const output = { shape: [...ahead, ...behind], dtype };
      const outputs = Array.from({ length: shape[axis]! }, () => output);
      return loops(backend, [value], outputs, ([from], into) =>
        distribute(from!, into, sizeOf(ahead), sizeOf(behind)),
      );
    },
};
