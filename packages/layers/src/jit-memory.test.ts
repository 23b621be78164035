/** @file Recorded steps while the memory that their kernels work on grows and is given up. */
import { dispose, grad, jit, mapValues, Module, Param, state, tidy, update } from "@nnxjs/nnx-core";
import { random, Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../scripts/use-backend.ts";
import { DropConnectLinear, Linear, relu } from "./index.ts";

class Net extends Module {
  readonly first: Linear;
  readonly second: DropConnectLinear;
  constructor(rngs: Rngs) {
    super();
    this.first = new Linear(30, 40, { rngs });
    this.second = new DropConnectLinear(new Linear(40, 5, { rngs }), 0.5, { rngs });
  }
  forward(x: tf.Tensor): tf.Tensor {
    // Of few elements: on cpu tensorflow.js's own kernels compute that.
    const scale = tf.sqrt(tf.mean(tf.square(x)));
    return this.second.forward(relu(this.first.forward(tf.div(x, scale))));
  }
}

function step(model: Net, x: tf.Tensor): tf.Tensor {
  const lossOf = (m: Net): [tf.Tensor, tf.Tensor] => {
    const y = m.forward(x);
    return [tf.mean(tf.square(y)), y];
  };
  const [gradients, y] = grad(lossOf, { hasAux: true })(model);
  const params = state(model, Param);
  update(
    model,
    mapValues((p: tf.Tensor, g: tf.Tensor) => tf.sub(p, tf.mul(g, 0.1)), params, gradients),
  );
  dispose([gradients, params]);
  return y;
}

/** Needs more memory than kernels on cpu keep. */
const large = (): void => void tf.tidy(() => tf.matMul(tf.ones([4096, 4200]), tf.ones([4200, 1])));

onEachBackend("a recorded step between kernels that take much memory", () => {
  it("computes what it does unrecorded, and leaves nothing", () => {
    const [model, twin] = [new Net(new Rngs(0)), new Net(new Rngs(0))];
    const recorded = jit(step);
    const other = jit((x: tf.Tensor) => tf.relu(tf.matMul(x as tf.Tensor2D, x as tf.Tensor2D, false, true)));
    let before = 0;
    for (let i = 0; i < 8; i++) {
      const x = random.normal(random.key(i), [20, 30]);
      const [wanted, got] = [tidy(() => step(model, x)), tidy(() => recorded(twin, x))];
      expect([...got.dataSync()], `call ${i}`).toEqual([...wanted.dataSync()]);
      const [product, same] = [tf.tidy(() => tf.relu(tf.matMul(x, x, false, true))), other(x)];
      expect([...same.dataSync()]).toEqual([...product.dataSync()]);
      tf.dispose([x, wanted, got, product, same]);
      if (i === 3) large();
      if (i === 5) before = tf.memory().numTensors;
    }
    expect(tf.memory().numTensors).toBe(before);
    expect(recorded.programs.map(({ replays }) => replays)).toEqual([7]);
    expect([...twin.first.kernel.value.dataSync()]).toEqual([...model.first.kernel.value.dataSync()]);
    recorded.dispose();
    other.dispose();
    dispose([model, twin]);
  });
});
