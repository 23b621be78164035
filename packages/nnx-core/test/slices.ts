/** @file What tests of slices have in common. */
import * as tf from "@tensorflow/tfjs-core";
import { Module, Param } from "../src/index.ts";

/** A module of one parameter. */
export class Scale extends Module {
  readonly w: Param<tf.Tensor>;
  constructor(w: tf.Tensor) {
    super();
    this.w = new Param(w);
  }
}

/** Three slices of two numbers. */
export const rows = (): tf.Tensor2D => tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);

export const listOf = (x: unknown): number[] => [...(x as tf.Tensor).dataSync()];

/** The tensors that there are, and their data in the engine and in the backend. */
export function counts(): number[] {
  const { numTensors, numDataBuffers } = tf.memory();
  return [numTensors, numDataBuffers, tf.engine().backend.numDataIds()];
}
