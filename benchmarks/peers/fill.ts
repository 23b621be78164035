/** @file Models of ours with the numbers that every peer has. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { numbers, weights } from "./numbers.ts";

/** Gives every parameter of a model its numbers. */
export function fill<M extends object>(model: M, prefix = ""): M {
  const named = nnx.mapValues(
    ({ shape }: tf.Tensor, path) => tf.tensor(weights(prefix + path.join("."), shape), shape),
    nnx.state(model, nnx.Param),
  );
  nnx.update(model, named);
  return model;
}

/** A tensor of uniform numbers in [-1, 1). */
export const tensorOf = <T extends tf.Tensor = tf.Tensor>(name: string, shape: readonly number[]): T =>
  tf.tensor(numbers(name, shape), [...shape]) as T;
