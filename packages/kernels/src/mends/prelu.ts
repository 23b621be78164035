/** @file `tf.prelu` on wasm. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { filled } from "../memory/access.ts";
import { sameShape, sizeOf } from "../shape.ts";
import { type Mend, mend, scoped } from "./mend.ts";

/** The shape without the axes of size 1 in front. */
const ownAxes = (shape: readonly number[]): readonly number[] => {
  const first = shape.findIndex((size) => size !== 1);
  return first < 0 ? [] : shape.slice(first);
};

export const preluMend: Mend = mend<"x" | "alpha">(
  "Prelu",
  ["wasm"],
  "Takes the slopes for those of the last axes, whatever their shape is. Of no elements: ends the process.",
  ({ inputs: { x, alpha }, backend, stock }) => {
    if (sizeOf(x.shape) === 0) return filled(backend, { shape: x.shape, dtype: "float32" }, 0);
    const own = ownAxes(alpha.shape);
    const isOfLastAxes = own.length === 0 || sameShape(own, x.shape.slice(-own.length));
    if (isOfLastAxes) return stock();
    return scoped(() => {
      // The engine passes tensors, although the types promise only what a backend needs of them.
      const [values, slopes] = [x as Tensor, alpha as Tensor];
      return tf.where(tf.less(values, 0), tf.mul(values, slopes), values);
    });
  },
);
