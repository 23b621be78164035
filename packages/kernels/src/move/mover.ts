/** @file How to write a kernel that only moves elements. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Mend } from "../mend.ts";
import { isPlain } from "./move.ts";

/**
 * Writes a replacement of a kernel that moves elements. The stock kernel gets tensors of strings,
 * complex numbers and different dtypes.
 * @param run - Gets the inputs in the order of their names. It returns undefined for a call that it
 * leaves to the stock kernel.
 */
export const mover = <A>(
  kernelName: string,
  backends: readonly ("cpu" | "wasm")[],
  run: (backend: object, inputs: readonly TensorInfo[], attrs: A) => TensorInfo | TensorInfo[] | undefined,
): Mend => ({
  kernelName,
  backends,
  around: (stock) => (call) => {
    // None of these kernels has an input that may be left out.
    const inputs = Object.values(call.inputs) as TensorInfo[];
    const dtype = inputs[0]?.dtype;
    const isOurs = dtype !== undefined && isPlain(dtype) && inputs.every((x) => x.dtype === dtype);
    // The caller writes A beside the kernel's name, so the attributes have this type.
    return (isOurs ? run(call.backend, inputs, call.attrs as A) : undefined) ?? stock(call);
  },
});
