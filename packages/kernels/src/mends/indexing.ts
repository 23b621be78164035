/** @file Gathers and scatters. */
import * as tf from "@tensorflow/tfjs-core";
import { sizeOf } from "../shape.ts";
import { free, loop, type LoopDtype } from "../memory/access.ts";
import { type Mend, mend } from "./mend.ts";

const gather: Mend = mend<"x" | "indices", tf.GatherV2Attrs>(
  "GatherV2",
  ["wasm"],
  "Reads outside its operands when there is a batch.",
  ({ inputs: { x, indices }, attrs, backend, stock }) => {
    const axis = attrs.axis < 0 ? attrs.axis + x.shape.length : attrs.axis;
    const { batchDims } = attrs;
    const batch = sizeOf(x.shape.slice(0, batchDims));
    const outer = sizeOf(x.shape.slice(batchDims, axis));
    const size = x.shape[axis]!;
    const inner = sizeOf(x.shape.slice(axis + 1));
    const shape = [...x.shape.slice(0, axis), ...indices.shape.slice(batchDims), ...x.shape.slice(axis + 1)];
    if (batch === 1 && sizeOf(shape) > 0) return stock();
    const count = sizeOf(indices.shape) / batch;
    return loop(backend, [x, indices], { shape, dtype: x.dtype as LoopDtype }, ([values, ids], out) => {
      for (let n = 0, to = 0; n < batch; n++) {
        for (let o = 0; o < outer; o++) {
          for (let i = 0; i < count; i++, to += inner) {
            const id = ids![n * count + i]!;
            tf.util.assert(
              id >= 0 && id < size,
              () => `GatherV2: the index value ${id} is not in [0, ${size - 1}]`,
            );
            const from = ((n * outer + o) * size + id) * inner;
            out.set(values!.subarray(from, from + inner), to);
          }
        }
      }
    });
  },
);

const tensorScatterUpdate: Mend = mend<"tensor" | "indices" | "updates">(
  "TensorScatterUpdate",
  ["cpu"],
  "Overwrites its input.",
  ({ inputs: { tensor }, backend, stock }) => {
    if (tensor.dtype === "string" || tensor.dtype === "complex64") return stock();
    const output = { shape: tensor.shape, dtype: tensor.dtype };
    const copy = loop(backend, [tensor], output, ([values], out) => out.set(values!));
    // `result` shares the copy's array, which stays alive without the copy.
    const result = stock({ tensor: copy });
    free(backend, copy);
    return result;
  },
);

/** Replacements of kernels that gather and scatter. */
export const indexingMends: readonly Mend[] = [gather, tensorScatterUpdate];
