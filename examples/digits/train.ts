/** @file The training loop. */
import * as nnx from "@nnxjs/nnx";
import { progressBar } from "@nnxjs/training/progress";
import * as tf from "@tensorflow/tfjs-core";
import { examplesOf, type Images } from "./images.ts";
import { Mlp } from "./model.ts";

const BATCH = 64;
const LEARNING_RATE = 1e-3;

/** Mean cross entropy in nats. */
export const crossEntropy = (logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar =>
  tf.mean(nnx.softmaxCrossEntropyWithIntegerLabels(logits, labels));

function lossOf(model: Mlp, x: tf.Tensor2D, labels: tf.Tensor1D): [tf.Scalar, tf.Tensor2D] {
  const logits = model.forward(x);
  return [crossEntropy(logits, labels), logits];
}

/**
 * All that training changes, from a seed: weights are drawn from it, masks from the next, the order
 * of images from the one after that; samples take the fourth.
 */
export function prepare(images: Images, { rate, seed }: { rate: number; seed: number }) {
  const model = new Mlp(rate, { rngs: new nnx.Rngs({ params: seed, dropconnect: seed + 1 }) });
  return {
    model,
    optimizer: new nnx.Optimizer(model, nnx.adam(LEARNING_RATE), { wrt: nnx.Param }),
    metrics: new nnx.MultiMetric({
      loss: new nnx.metrics.Average({ argname: "loss" }),
      accuracy: new nnx.metrics.Accuracy(),
    }),
    batches: new nnx.Batches(examplesOf(images), { batchSize: BATCH, key: nnx.random.key(seed + 2) }),
  };
}
export type Run = ReturnType<typeof prepare>;

/** One batch. @returns its loss */
export function step(
  { model, optimizer, metrics }: Pick<Run, "model" | "optimizer" | "metrics">,
  { x, labels }: { x: tf.Tensor2D; labels: tf.Tensor1D },
): tf.Scalar {
  const [[loss, logits], grads] = nnx.valueAndGrad(lossOf, { hasAux: true })(model, x, labels);
  optimizer.update(model, grads);
  metrics.update({ loss, logits, labels });
  return loss;
}

/** From wherever the run is to the end of `epochs`; `onEpoch` is called after each. */
export async function train(
  run: Run,
  epochs: number,
  onEpoch: (label: string) => Promise<void> | void,
): Promise<void> {
  const { model, optimizer, metrics, batches } = run;
  model.train();
  // The step runs once for each size of a batch. After that its kernels alone do.
  using recorded = nnx.jit((own: Parameters<typeof step>[0], batch: Parameters<typeof step>[1]) => {
    step(own, batch);
    return own.metrics.compute();
  });
  while (batches.epoch.value < epochs) {
    metrics.reset();
    const label = `epoch ${batches.epoch.value + 1}/${epochs}`;
    const trainStep = (batch: Parameters<typeof step>[1]) => recorded({ model, optimizer, metrics }, batch);
    await nnx.loop(batches, trainStep, { onProgress: progressBar({ label }) });
    await onEpoch(label);
  }
}
