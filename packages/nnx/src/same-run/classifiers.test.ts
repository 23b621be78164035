/** @file Classifiers of the digits lose, step by step, what they lose in Flax. */
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { batchOf, CLASSES, expectSameRun, PIXELS, SEED, STEPS } from "../../../../scripts/same-run.ts";
import * as nnx from "../index.ts";

interface Classifier extends nnx.Module {
  forward(x: tf.Tensor): tf.Tensor;
}

class Mlp extends nnx.Module implements Classifier {
  readonly hidden: nnx.Linear;
  readonly norm: nnx.BatchNorm;
  readonly drop: nnx.Dropout;
  readonly out: nnx.Linear;
  constructor({ rngs }: { rngs: nnx.Rngs }) {
    super();
    this.hidden = new nnx.Linear(PIXELS, 32, { rngs });
    this.norm = new nnx.BatchNorm(32, { rngs });
    this.drop = new nnx.Dropout(0.3, { rngs });
    this.out = new nnx.Linear(32, CLASSES, { rngs });
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.out.forward(this.drop.forward(nnx.relu(this.norm.forward(this.hidden.forward(x)))));
  }
}

class ConvNet extends nnx.Module implements Classifier {
  readonly first: nnx.Conv;
  readonly second: nnx.Conv;
  readonly out: nnx.Linear;
  constructor({ rngs }: { rngs: nnx.Rngs }) {
    super();
    this.first = new nnx.Conv(1, 8, [3, 3], { rngs });
    this.second = new nnx.Conv(8, 16, [3, 3], { rngs });
    this.out = new nnx.Linear(64, CLASSES, { rngs });
  }
  forward(x: tf.Tensor): tf.Tensor {
    const once = nnx.maxPool(nnx.relu(this.first.forward(x)), [2, 2], { strides: [2, 2] });
    const twice = nnx.avgPool(nnx.relu(this.second.forward(once)), [2, 2], { strides: [2, 2] });
    return this.out.forward(tf.reshape(twice, [-1, 64]));
  }
}

/** An LSTM that reads an image row by row. */
class RowReader extends nnx.Module implements Classifier {
  readonly rnn: nnx.RNN<nnx.LSTMCarry>;
  readonly out: nnx.Linear;
  constructor({ rngs }: { rngs: nnx.Rngs }) {
    super();
    this.rnn = new nnx.RNN(new nnx.LSTMCell(8, 16, { rngs }), { rngs });
    this.out = new nnx.Linear(16, CLASSES, { rngs });
  }
  forward(x: tf.Tensor): tf.Tensor {
    const all = this.rnn.forward(x);
    const last = tf.slice(all, [0, 7, 0], [-1, 1, -1]);
    return this.out.forward(tf.reshape(last, [-1, 16]));
  }
}

function train(name: string, model: Classifier, tx: nnx.GradientTransformation, shape: number[]): void {
  const optimizer = new nnx.Optimizer(model, tx, { wrt: nnx.Param });
  const loss = (m: Classifier, x: tf.Tensor, y: tf.Tensor1D) =>
    tf.mean<tf.Scalar>(nnx.softmaxCrossEntropyWithIntegerLabels(m.forward(x), y));
  expectSameRun(name, (step) => {
    const { x, y } = batchOf(step, shape);
    const [value, grads] = nnx.valueAndGrad(loss)(model, x, y);
    optimizer.update(model, grads);
    return value.dataSync()[0] as number;
  });
}

const streams = () => new nnx.Rngs(SEED, { dropout: SEED + 1 });
const warmUp = () => nnx.warmupCosineDecaySchedule(0, 1e-2, 10, STEPS, { endValue: 1e-4 });

describe.each(["cpu", "wasm"])("on %s, 60 steps cost what they cost in Flax", (backend) => {
  beforeAll(() => tf.setBackend(backend));
  afterAll(() => tf.setBackend("cpu"));

  it("for an MLP with BatchNorm and Dropout, under sgd", () => {
    train("mlp_sgd", new Mlp({ rngs: streams() }), nnx.sgd(0.1), [PIXELS]);
  });

  it("for an MLP with BatchNorm and Dropout, under adam", () => {
    train("mlp_adam", new Mlp({ rngs: streams() }), nnx.adam(1e-2), [PIXELS]);
  });

  it("for an MLP under adamw with clipping, a warm-up and a cosine", () => {
    const tx = nnx.chain(nnx.clipByGlobalNorm(0.5), nnx.adamw(warmUp(), { weightDecay: 1e-2 }));
    train("mlp_adamw_clip_warmup_cosine", new Mlp({ rngs: streams() }), tx, [PIXELS]);
  });

  it("for convolutions with max and average pools", () => {
    train("conv", new ConvNet({ rngs: new nnx.Rngs(SEED) }), nnx.adam(3e-3), [8, 8, 1]);
  });

  it("for an LSTM", () => {
    train("lstm", new RowReader({ rngs: new nnx.Rngs(SEED) }), nnx.adam(1e-2), [8, 8]);
  });
});
