/** @file `tf.where` on wasm. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { filled, isHeap, type LoopDtype } from "../memory/access.ts";
import { isPlain } from "../move/move.ts";
import { select } from "../own/select.ts";
import { sizeOf } from "../shape.ts";
import { type Mend, mend, scoped } from "../mend.ts";

/** A condition of one axis chooses rows. */
const overRows = (condition: TensorInfo, { shape }: TensorInfo): TensorInfo =>
  condition.shape.length === 1
    ? { ...condition, shape: [...condition.shape, ...shape.slice(1).fill(1)] }
    : condition;

/**
 * The stock kernel copies four bytes for each element of the condition, whatever the dtypes. So it
 * writes past the end of bools. It also does so for an empty result, because `tf.where` broadcasts a
 * condition to a shape with a 0 by leaving it as it is.
 */
export const selectMend: Mend = mend<"condition" | "t" | "e">(
  "Select",
  ["cpu", "wasm"],
  ({ inputs: { condition, t, e }, backend, stock }) => {
    if (!isPlain(t.dtype) || !isPlain(e.dtype)) return stock();
    const dtype = tf.upcastType(t.dtype, e.dtype) as LoopDtype;
    if (sizeOf(t.shape) === 0) return filled(backend, { shape: t.shape, dtype }, 0);
    if (t.dtype !== e.dtype) {
      return scoped(() => {
        const [a, b] = [tf.cast(t as Tensor, dtype), tf.cast(e as Tensor, dtype)];
        return select(backend, [overRows(condition, t), a, b]);
      });
    }
    const isOfRows = condition.shape.length === 1 && t.shape.length > 1;
    const isRight = !isOfRows && !(isHeap(backend) && dtype === "bool");
    return isRight ? stock() : select(backend, [overRows(condition, t), t, e]);
  },
);
