/** @file Training and evaluation. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { type Images, loadDigits } from "./data.ts";
import { CNN } from "./model.ts";

type Scored = [loss: tf.Tensor, scores: tf.Tensor2D];

function lossFn(model: CNN, image: tf.Tensor4D, label: tf.Tensor1D): Scored {
  const scores = model.forward(image);
  return [tf.mean(nnx.softmaxCrossEntropyWithIntegerLabels(scores, label)), scores];
}

/** What a run consists of. */
export interface Run {
  readonly model: CNN;
  readonly optimizer: nnx.Optimizer;
}

/** The share of images whose label the model finds. The model trains on afterwards. */
function accuracyOf({ model }: Run, { image, label }: Images): number {
  model.eval();
  const right = tf.tidy(() => {
    const scores = model.forward(tf.tensor4d(image.data, image.shape));
    return tf.mean(tf.cast(tf.equal(tf.argMax(scores, -1), tf.tensor1d(label, "int32")), "float32"));
  });
  model.train();
  const [share = 0] = right.dataSync();
  right.dispose();
  return share;
}

/** Trains a new model, and tells the accuracy on held-out images after each epoch. */
export async function train(epochs: number, tell: (epoch: number, accuracy: number) => void): Promise<Run> {
  const digits = loadDigits();
  const model = new CNN({ rngs: new nnx.Rngs(0) });
  const run: Run = { model, optimizer: new nnx.Optimizer(model, nnx.adamw(0.005), { wrt: nnx.Param }) };
  const step = nnx.jit((all: Run, image: tf.Tensor4D, label: tf.Tensor1D) => {
    const [[loss], grads] = nnx.valueAndGrad(lossFn, { hasAux: true })(all.model, image, label);
    all.optimizer.update(all.model, grads);
    return { loss };
  });
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const key = nnx.random.key(epoch);
    await nnx.loop(new nnx.Batches(digits.train, { batchSize: 32, key }), ({ image, label }) =>
      step(run, image, label),
    );
    tell(epoch, accuracyOf(run, digits.test));
  }
  step.dispose();
  return run;
}
