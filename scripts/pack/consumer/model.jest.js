// A model in Jest, which gives each file classes of its own.
import {
  random,
  adam,
  Dropout,
  jit,
  l2Loss,
  Linear,
  Module,
  Optimizer,
  Param,
  relu,
  Rngs,
  valueAndGrad,
} from "@nnxjs/nnx";
import { checkRngDeterminism, nnxMatchers } from "@nnxjs/testing";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";

const { expect, test } = globalThis;
expect.extend(nnxMatchers);

class Mlp extends Module {
  constructor(rngs) {
    super();
    this.inner = new Linear(2, 8, { rngs });
    this.dropout = new Dropout(0.1, { rngs });
    this.outer = new Linear(8, 1, { rngs });
  }
  forward(x) {
    return this.outer.forward(this.dropout.forward(relu(this.inner.forward(x))));
  }
}

test("a recorded step trains it", () => {
  const model = new Mlp(new Rngs(0));
  const optimizer = new Optimizer(model, adam(0.1), { wrt: Param });
  const [x, y] = [tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([3, 7], [2, 1])];
  const step = jit((m, o) => {
    const [loss, gradients] = valueAndGrad((n) => tf.mean(l2Loss(n.forward(x), y)))(m);
    o.update(m, gradients);
    return loss;
  });
  const losses = Array.from({ length: 20 }, () => step(model, optimizer).dataSync()[0]);
  expect(losses.at(-1)).toBeLessThan(losses[0]);
});

test("it keeps the laws of random numbers", async () => {
  await checkRngDeterminism(
    (rngs) => new Mlp(rngs),
    (model) => model.forward(tf.ones([1, 2])),
    { numRuns: 5 },
  );
});

test("its numbers are JAX's", () => {
  // jax.random.normal(jax.random.key(0), (3,))
  const wanted = [1.622642159461975, 2.0252647399902344, -0.4335944354534149];
  const drawn = random.normal(random.key(0), [3]).dataSync();
  for (const [i, x] of drawn.entries()) expect(x).toBeCloseTo(wanted[i], 6);
});
