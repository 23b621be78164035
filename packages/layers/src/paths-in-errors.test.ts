import { capture, dispose, grad, Intermediate, Module, NnxError, valueAndGrad } from "@nnxjs/nnx-core";
import { Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { Dropout, Linear } from "./index.ts";

class Block extends Module {
  readonly linear = new Linear(3, 3, { rngs: new Rngs(0) });
  readonly drop = new Dropout(0.5, { rngs: new Rngs(0) });
  forward(x: tf.Tensor2D): tf.Tensor2D {
    return this.linear.forward(this.drop.forward(x));
  }
}
class Net extends Module {
  readonly blocks = [new Block(), new Block()];
  forward(x: tf.Tensor2D): tf.Tensor2D {
    const y = this.blocks[0]!.forward(x);
    return this.blocks[1]!.forward(tf.concat([y, y], 1));
  }
}
const loss = (m: Net, x: tf.Tensor2D) => tf.sum(m.forward(x)) as tf.Scalar;
const wrongShape =
  /^Linear\.forward: expected an input of shape \[\.\.\., 3\].*got a float32\[2,6\].* The module is at blocks\.1\.linear\.$/;

describe("an error from inside a model", () => {
  it.each([
    ["grad", (m: Net, x: tf.Tensor2D) => grad(loss)(m, x)],
    ["valueAndGrad", (m: Net, x: tf.Tensor2D) => valueAndGrad(loss)(m, x)],
    ["capture", (m: Net, x: tf.Tensor2D) => capture(m, Intermediate)(x)],
    [
      "grad around capture",
      (m: Net, x: tf.Tensor2D) => grad((n: Net) => tf.sum(capture(n, Intermediate)(x)[0]) as tf.Scalar)(m),
    ],
  ])("names the layer's path under %s, and leaves model and memory as they were", (_name, run) => {
    const model = new Net();
    const x = tf.ones<tf.Rank.R2>([2, 3]);
    const before = tf.memory().numTensors;
    expect(() => run(model, x)).toThrow(NnxError);
    expect(() => run(model, x)).toThrow(wrongShape);
    expect(tf.memory().numTensors).toBe(before);
    // Counts of streams are restored after failing runs.
    expect(model.blocks[0]!.drop.rngs!.count.value).toBe(0);
    dispose(model);
    x.dispose();
  });
});
