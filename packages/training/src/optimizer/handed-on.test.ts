/** @file Recorded steps, where other tensors have the data of a parameter. */
import { cond, grad, jit, Module, Param } from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { sgd } from "../transformations/rules/sgd.ts";
import { Optimizer } from "./optimizer.ts";

class Net extends Module {
  readonly p: Param<tf.Tensor> = new Param(tf.tensor1d([1, 2, 3, 4]));
}

/** Kernels and branches that may return the data that they got. */
const others: Record<string, (x: tf.Tensor) => tf.Tensor> = {
  reshape: (x) => tf.reshape(x, [2, 2]),
  expandDims: (x) => tf.expandDims(x, 0),
  "a column as a row": (x) => tf.transpose(tf.reshape(x, [4, 1])),
  "the whole as a slice": (x) => tf.slice(x, [0], [4]),
  "a part": (x) => tf.slice(x, [0], [3]),
  split: (x) => tf.split(x, 2)[0]!,
  concat: (x) => tf.concat([x]),
  tile: (x) => tf.tile(x, [1]),
  "pad by nothing": (x) => tf.pad(x, [[0, 0]]),
  "a branch": (x) =>
    cond(
      tf.less(tf.sum(x), 1e6),
      (y) => y,
      (y) => tf.neg(y),
      x,
    ),
};

onEachBackend("a recorded step", () => {
  it.each(Object.entries(others))("leaves %s of a parameter as it was returned", (_, other) => {
    const model = new Net();
    const optimizer = new Optimizer(model, sgd(0.25));
    const step = jit((net: Net, opt: Optimizer) => {
      const before = other(net.p.value);
      opt.update(net, grad((m: Net) => tf.sum(tf.square(m.p.value)))(net));
      return before;
    });
    // Later calls write over parameters, and on wasm call functions of its memory alone.
    const seen = Array.from({ length: 7 }, () => step(model, optimizer));
    // Each step halves the parameter.
    const want = seen.map((_, i) => [...other(tf.mul(tf.tensor1d([1, 2, 3, 4]), 0.5 ** i)).dataSync()]);
    expect(seen.map((x) => [...x.dataSync()])).toEqual(want);
    step.dispose();
  });
});
