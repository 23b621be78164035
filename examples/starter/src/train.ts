/** Training: 600 random points, and whether they lie inside of the unit circle. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { Classifier } from "./model.ts";

/** A trained model, and what was seen on the way. */
export interface Result {
  readonly model: Classifier;
  /** The loss of each epoch's last batch. */
  readonly losses: readonly number[];
  /** The share of training points that were right in the last epoch, with dropout on. */
  readonly accuracy: number;
}

function lossFn(model: Classifier, points: tf.Tensor2D, labels: tf.Tensor1D): [tf.Tensor, tf.Tensor2D] {
  const scores = model.forward(points);
  return [tf.mean(nnx.softmaxCrossEntropyWithIntegerLabels(scores, labels)), scores];
}

export async function train(epochs: number): Promise<Result> {
  const points = nnx.random.normal(nnx.random.key(0), [600, 2]);
  const labels = tf.cast(tf.less(tf.sum(tf.square(points), -1), 1), "int32");
  const model = new Classifier({ rngs: new nnx.Rngs(0) });
  const optimizer = new nnx.Optimizer(model, nnx.adam(1e-2), { wrt: nnx.Param });
  const metrics = new nnx.MultiMetric({ accuracy: new nnx.metrics.Accuracy() });
  const run = { model, optimizer, metrics };
  const step = nnx.jit((all: typeof run, x: tf.Tensor2D, y: tf.Tensor1D) => {
    const [[loss, scores], grads] = nnx.valueAndGrad(lossFn, { hasAux: true })(all.model, x, y);
    all.optimizer.update(all.model, grads);
    all.metrics.update({ logits: scores, labels: y });
    return { loss, ...all.metrics.compute() };
  });
  const losses: number[] = [];
  let accuracy = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    metrics.reset();
    const batches = new nnx.Batches({ points, labels }, { batchSize: 50, key: nnx.random.key(1 + epoch) });
    const { values } = await nnx.loop(batches, (batch) =>
      step(run, batch.points as tf.Tensor2D, batch.labels as tf.Tensor1D),
    );
    losses.push(values.loss ?? Number.NaN);
    accuracy = values.accuracy ?? 0;
  }
  step.dispose();
  nnx.dispose([optimizer, metrics, points, labels]);
  return { model, losses, accuracy };
}
