import { BatchNorm, Conv, DropConnectConv, DropConnectLinear, Linear, relu } from "@nnxjs/layers";
import { flattenState, Module, Param, state } from "@nnxjs/nnx-core";
import { random, Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { dropconnect, ensemble, sample } from "../index.ts";

class Cnn extends Module {
  readonly stem: Conv;
  readonly norm: BatchNorm;
  readonly block: Conv;
  readonly again: Conv;
  readonly head: Linear;
  constructor({ rngs }: { rngs: Rngs }) {
    super();
    this.stem = new Conv(2, 4, [3, 3], { rngs });
    this.norm = new BatchNorm(4, { rngs });
    this.block = new Conv(4, 4, [3, 3], { rngs });
    this.again = this.block;
    this.head = new Linear(4, 3, { rngs });
  }
  forward(x: tf.Tensor): tf.Tensor {
    const h = relu(this.norm.forward(this.stem.forward(x)));
    return this.head.forward(tf.mean(relu(this.again.forward(relu(this.block.forward(h)))), [1, 2]));
  }
}
const x = random.normal(random.key(3), [2, 5, 5, 2]);
const kinds = (m: Cnn) => [m.stem, m.block, m.head].map((layer) => layer.constructor);

it("dropconnect reaches convolutions when asked to, and leaves them otherwise", () => {
  const model = new Cnn({ rngs: new Rngs(0) });
  expect(kinds(dropconnect(model, 0.5, { rngs: 1 }))).toEqual([Conv, Conv, DropConnectLinear]);
  const copy = dropconnect(model, 0.5, { rngs: 1, conv: true });
  expect(kinds(copy)).toEqual([Conv, DropConnectConv, DropConnectLinear]);
  expect(copy.again).toBe(copy.block);
  const paths = (m: Module) => flattenState(state(m, Param)).map(([path]) => path.join("."));
  expect(paths(copy)).toEqual(paths(model));
  model.eval();
  copy.eval();
  const plain = model.forward(x).dataSync();
  expect(copy.forward(x).dataSync()).toEqual(plain);
  copy.setAttributes({ deterministic: false });
  expect(copy.forward(x).dataSync()).not.toEqual(plain);
  const samples = sample(copy, x, 3, { key: random.key(0), outputs: "logits" });
  expect(new Set([0, 1, 2].map((i) => samples.data[i * 6])).size).toBe(3);
});

it("draws an ensemble from a model that drops weights of convolutions", () => {
  const copy = dropconnect(new Cnn({ rngs: new Rngs(0) }), 0.5, { rngs: 1, conv: true });
  const { members } = ensemble(copy, 2, { rngs: new Rngs(5) });
  expect(members[0]!.block.kernel.value.dataSync()).not.toEqual(members[1]!.block.kernel.value.dataSync());
  expect(members[0]!.norm.scale!.value.dataSync()).toEqual(new Float32Array(4).fill(1));
});

it("refuses masks per example for convolutions, and models with neither layer", () => {
  const model = new Cnn({ rngs: new Rngs(0) });
  expect(() => dropconnect(model, 0.5, { rngs: 1, conv: true, masks: "example" })).toThrow(
    /dropconnect: expected masks "batch" with conv, got "example"/,
  );
  expect(() => dropconnect([model.norm], 0.5, { rngs: 1, conv: true, skipFirst: false })).toThrow(
    /at least one Linear or Conv layer to transform, got .* with none/,
  );
});
