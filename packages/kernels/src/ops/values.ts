/** @file Tensors from plain values, and plain values from tensors. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";

/** A tensor of any dtype and shape. */
export const tensorOf = (
  values: readonly number[],
  shape: readonly number[],
  dtype: "float32" | "int32" | "bool",
): Tensor => tf.tensor([...values], [...shape], dtype);

/** The values of x, for decisions that depend on them. Blocks until the backend has them. */
export const valuesOf = (x: Tensor): ArrayLike<number> => x.dataSync() as ArrayLike<number>;
