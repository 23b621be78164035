/** @file The network: two convolutions, two dense layers, normalisation and dropout between them. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";

const halved = (x: tf.Tensor4D): tf.Tensor4D => nnx.avgPool(x, [2, 2], { strides: [2, 2] });

/** Images `[batch, 8, 8, 1]` to scores `[batch, 10]`. */
export class CNN extends nnx.Module {
  readonly conv1: nnx.Conv;
  readonly norm1: nnx.BatchNorm;
  readonly conv2: nnx.Conv;
  readonly norm2: nnx.BatchNorm;
  readonly dense1: nnx.Linear;
  readonly dropout: nnx.Dropout;
  readonly dense2: nnx.Linear;
  constructor({ rngs }: { rngs: nnx.Rngs }) {
    super();
    this.conv1 = new nnx.Conv(1, 16, [3, 3], { rngs });
    this.norm1 = new nnx.BatchNorm(16, { momentum: 0.9, rngs });
    this.conv2 = new nnx.Conv(16, 32, [3, 3], { rngs });
    this.norm2 = new nnx.BatchNorm(32, { momentum: 0.9, rngs });
    this.dense1 = new nnx.Linear(2 * 2 * 32, 64, { rngs });
    this.dropout = new nnx.Dropout(0.1, { rngs });
    this.dense2 = new nnx.Linear(64, 10, { rngs });
  }
  forward(images: tf.Tensor4D): tf.Tensor2D {
    const one = halved(nnx.relu(this.norm1.forward(this.conv1.forward(images))));
    const two = halved(nnx.relu(this.norm2.forward(this.conv2.forward(one))));
    const flat = tf.reshape<tf.Rank.R2>(two, [images.shape[0], 2 * 2 * 32]);
    return this.dense2.forward(this.dropout.forward(nnx.relu(this.dense1.forward(flat))));
  }
}
nnx.registerModule("example.CNN", CNN);
