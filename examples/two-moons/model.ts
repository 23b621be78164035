/** @file The classifier, its training, and four ways to measure how sure it is. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { type Moons, type Points, tensorOf } from "./data.ts";

const WIDTH = 64;
const CLASSES = 2;
const MEMBERS = 5;

/** 2-64-64-2 with ReLU. */
export class Mlp extends nnx.Module {
  readonly input: nnx.Linear;
  readonly hidden: nnx.Linear;
  readonly output: nnx.Linear;
  constructor({ rngs }: { rngs: nnx.Rngs }) {
    super();
    this.input = new nnx.Linear(2, WIDTH, { rngs });
    this.hidden = new nnx.Linear(WIDTH, WIDTH, { rngs });
    this.output = new nnx.Linear(WIDTH, CLASSES, { rngs });
  }
  /** @param x - `[points, 2]` @returns logits, `[points, 2]` */
  forward(x: tf.Tensor2D): tf.Tensor2D {
    return this.output.forward(nnx.relu(this.hidden.forward(nnx.relu(this.input.forward(x)))));
  }
}

/** Trains with all points in every step. */
function train(model: Mlp, moons: Moons, steps: number): void {
  const optimizer = new nnx.Optimizer(model, nnx.adam(3e-3), { wrt: nnx.Param });
  const x = tensorOf(moons);
  const labels = tf.tensor1d(moons.labels, "int32");
  const lossOf = (m: Mlp) => tf.mean(nnx.softmaxCrossEntropyWithIntegerLabels(m.forward(x), labels));
  const step = nnx.valueAndGrad(lossOf);
  model.train();
  for (let i = 0; i < steps; i++) tf.tidy(() => optimizer.update(model, step(model)[1]));
  nnx.dispose([optimizer, x, labels]);
}

/** A trained predictor, which returns samples of class probabilities, `[samples, points, 2]`. */
export interface Predictor {
  readonly name: string;
  predict(points: Points): nnx.Table;
}

/** A deterministic net, one with Dropout, one with DropConnect, and an ensemble. */
export function predictors(
  moons: Moons,
  { rate, steps, samples, seed }: { rate: number; steps: number; samples: number; seed: number },
): Predictor[] {
  const rngs = new nnx.Rngs(seed);
  const plain = new Mlp({ rngs });
  const dropped = nnx.dropout(plain, rate, { rngs });
  const connected = nnx.dropconnect(plain, rate, { rngs });
  const members = nnx.ensemble(plain, MEMBERS, { rngs });
  for (const model of [plain, dropped, connected, ...members.members]) train(model, moons, steps);
  plain.eval();
  const once = (x: tf.Tensor2D): nnx.Table => {
    const data = tf.tidy(() => tf.softmax(plain.forward(x)).dataSync<"float32">());
    return { data, shape: [1, x.shape[0], CLASSES] };
  };
  const often = (model: Mlp) => (x: tf.Tensor2D) =>
    nnx.sample(model, x, samples, { key: nnx.random.key(seed), outputs: "logits" });
  const on = (name: string, ask: (x: tf.Tensor2D) => nnx.Table): Predictor => ({
    name,
    predict(points) {
      const x = tensorOf(points);
      try {
        return ask(x);
      } finally {
        x.dispose();
      }
    },
  });
  return [
    on("one net, one pass", once),
    on(`Dropout ${rate}`, often(dropped)),
    on(`DropConnect ${rate}`, often(connected)),
    on(`ensemble of ${MEMBERS}`, (x) => nnx.sampleMembers(members, x, { outputs: "logits" })),
  ];
}
