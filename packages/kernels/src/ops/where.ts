/** @file `where` without repeating its operands. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { selectOf } from "../own/select.ts";
import { choices } from "../topics/choices.ts";
import { type Operand, op } from "./op.ts";

const asTensor = (x: Operand): Tensor => (typeof x === "number" ? tf.scalar(x) : x);

/** `a` where the condition is true, else `b`, all repeated up to a common shape. */
export const where: (condition: Tensor, a: Operand, b: Operand) => Tensor = /* @__PURE__ */ op(
  (condition: Tensor, a: Operand, b: Operand): Tensor => {
    const [t, e] = [asTensor(a), asTensor(b)];
    return selectOf(condition, t, e) ?? tf.where(condition, t, e);
  },
  choices,
);
