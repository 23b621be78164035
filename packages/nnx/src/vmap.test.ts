import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { onEachBackend } from "../../../scripts/use-backend.ts";
import * as nnx from "./index.ts";

class Block extends nnx.Module {
  readonly linear: nnx.Linear;
  readonly drop: nnx.Dropout;
  readonly count: nnx.Variable<tf.Tensor>;
  constructor(rngs: nnx.Rngs) {
    super();
    this.linear = new nnx.Linear(2, 3, { rngs });
    this.drop = new nnx.Dropout(0.5, { rngs });
    this.count = new nnx.Variable<tf.Tensor>(tf.scalar(0));
  }
  forward(x: tf.Tensor): tf.Tensor {
    this.count.value = tf.add(this.count.value, 1);
    return this.drop.forward(this.linear.forward(x));
  }
}

onEachBackend("vmap over modules", () => {
  it("makes an ensemble of keys, runs it, and writes what changed", () => {
    const before = tf.memory().numTensors;
    const keys = nnx.random.split(nnx.random.key(0), 5);
    const model = nnx.vmap((key: nnx.random.PRNGKey) => new Block(new nnx.Rngs(key)))(keys);
    expect(model).toBeInstanceOf(Block);
    expect(model.linear.kernel.value.shape).toEqual([5, 2, 3]);
    expect(model.drop.rngs?.key.value.shape).toEqual([5]);
    expect(model.drop.rngs?.count.value).toEqual([0, 0, 0, 0, 0]);
    const alone = new Block(new nnx.Rngs(keys.at(3)));
    const x = tf.ones([4, 2]);
    const y = nnx.vmap((m: Block, a: tf.Tensor) => m.forward(a), { inAxes: [0, null] })(model, x);
    expect(y.shape).toEqual([5, 4, 3]);
    expect(model.drop.rngs?.count.value).toEqual([1, 1, 1, 1, 1]);
    expect([...model.count.value.dataSync()]).toEqual([1, 1, 1, 1, 1]);
    const wanted = alone.forward(x);
    expect(tf.gather(y, 3).dataSync()).toEqual(wanted.dataSync());
    nnx.dispose([model, alone, y, wanted, x]);
  });
});
