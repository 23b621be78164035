/** @file The training loop. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { CLASSES, type Images, PIXELS } from "./data.ts";
import type { Mlp } from "./model.ts";

const BATCH = 64;
const LEARNING_RATE = 1e-3;

/** The mean cross entropy in nats. */
export function crossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
  const chosen = tf.sum(tf.mul(tf.oneHot(labels, CLASSES), tf.logSoftmax(logits)), -1);
  return tf.neg(tf.mean(chosen));
}

export const lossOf = (model: Mlp, x: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar =>
  crossEntropy(model.forward(x), labels);

/** The images at these positions, in this order. */
export function take(images: Images, order: ArrayLike<number>): Images {
  const pixels = new Float32Array(order.length * PIXELS);
  const labels = new Int32Array(order.length);
  for (let i = 0; i < order.length; i++) {
    const from = order[i] as number;
    pixels.set(images.pixels.subarray(from * PIXELS, (from + 1) * PIXELS), i * PIXELS);
    labels[i] = images.labels[from] as number;
  }
  return { pixels, labels, count: order.length };
}

export const pixelsOf = ({ pixels, count }: Images): tf.Tensor2D => tf.tensor2d(pixels, [count, PIXELS]);

export const labelsOf = ({ labels }: Images): tf.Tensor1D => tf.tensor1d(labels, "int32");

/** The state of the training. */
export interface Progress {
  readonly epoch: number;
  /** Images shown in all epochs so far. */
  readonly images: number;
  /** Mean loss of the epoch so far. */
  readonly loss: number;
}

/** Trains in place. Calls `report` after every batch. */
export async function train(
  model: Mlp,
  images: Images,
  { epochs, rngs, report }: { epochs: number; rngs: nnx.Rngs; report: (progress: Progress) => void },
): Promise<void> {
  const optimizer = new nnx.Optimizer(model, nnx.adam(LEARNING_RATE), { wrt: nnx.Param });
  const step = nnx.valueAndGrad(lossOf);
  let shown = 0;
  model.train();
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = tf.tidy(() => nnx.random.permutation(rngs.nextKey("shuffle"), images.count).dataSync());
    let sum = 0;
    let batches = 0;
    for (let start = 0; start < images.count; start += BATCH) {
      const batch = take(images, order.subarray(start, start + BATCH));
      sum += tf.tidy(() => {
        const [loss, grads] = step(model, pixelsOf(batch), labelsOf(batch));
        optimizer.update(model, grads);
        return loss.dataSync()[0] as number;
      });
      shown += batch.count;
      report({ epoch, images: shown, loss: sum / ++batches });
      // Let the progress bar draw.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  nnx.dispose(optimizer);
}
