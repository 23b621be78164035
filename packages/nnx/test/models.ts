/** @file Ordinary models and data, for tests of what looks inside of models. */
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "../src/index.ts";

/** A convolutional classifier with normalization and dropout. */
export class Cnn extends nnx.Module {
  readonly conv1: nnx.Conv;
  readonly norm: nnx.BatchNorm;
  readonly conv2: nnx.Conv;
  readonly hidden: nnx.Linear;
  readonly drop: nnx.Dropout;
  readonly out: nnx.Linear;
  constructor({ rngs, momentum = 0.9 }: { rngs: nnx.Rngs; momentum?: number }) {
    super();
    this.conv1 = new nnx.Conv(1, 8, [3, 3], { rngs });
    this.norm = new nnx.BatchNorm(8, { momentum, rngs });
    this.conv2 = new nnx.Conv(8, 8, [3, 3], { rngs });
    this.hidden = new nnx.Linear(8 * 16, 32, { rngs });
    this.drop = new nnx.Dropout(0.3, { rngs });
    this.out = new nnx.Linear(32, 4, { rngs });
  }
  forward(images: tf.Tensor4D): tf.Tensor2D {
    const pool = { strides: [2, 2], padding: "VALID" } as const;
    const first = nnx.avgPool(nnx.relu(this.norm.forward(this.conv1.forward(images))), [2, 2], pool);
    const second = nnx.relu(this.conv2.forward(first));
    const flat = tf.reshape(second, [images.shape[0], -1]);
    return this.out.forward(this.drop.forward(nnx.relu(this.hidden.forward(flat)))) as tf.Tensor2D;
  }
}

/** Blurred spots in one of four quarters: `[count, 8, 8, 1]` and labels. */
export function spots(count: number, seed = 0): { images: tf.Tensor4D; labels: tf.Tensor1D } {
  const noise = nnx.random.normal(nnx.random.key(seed), [count, 8, 8, 1]).dataSync();
  const labels = Array.from({ length: count }, (_, i) => (i * 7 + seed) % 4);
  const pixels = noise.map((x, at) => {
    const label = labels[Math.floor(at / 64)] as number;
    const [row, column] = [Math.floor((at % 64) / 8), at % 8];
    const distance = (row - 2 - 4 * (label >> 1)) ** 2 + (column - 2 - 4 * (label & 1)) ** 2;
    return 2 * Math.exp(-distance / 4) + 0.3 * x;
  });
  return { images: tf.tensor4d(pixels, [count, 8, 8, 1]), labels: tf.tensor1d(labels, "int32") };
}

export const classify = (model: { forward(x: tf.Tensor4D): tf.Tensor }, x: tf.Tensor4D, labels: tf.Tensor1D) =>
  tf.mean<tf.Scalar>(nnx.softmaxCrossEntropyWithIntegerLabels(model.forward(x), labels));

const [VOCABULARY, LENGTH, WIDTH, HEADS] = [11, 12, 16, 2];

export class Block extends nnx.Module {
  readonly norm1: nnx.LayerNorm;
  readonly attention: nnx.MultiHeadAttention;
  readonly norm2: nnx.LayerNorm;
  readonly up: nnx.Linear;
  readonly down: nnx.Linear;
  readonly drop: nnx.Dropout;
  constructor({ rngs }: { rngs: nnx.Rngs }) {
    super();
    this.norm1 = new nnx.LayerNorm(WIDTH, { rngs });
    const dropped = { dropoutRate: 0.1, decode: false, deterministic: false };
    this.attention = new nnx.MultiHeadAttention(HEADS, WIDTH, { ...dropped, rngs });
    this.norm2 = new nnx.LayerNorm(WIDTH, { rngs });
    this.up = new nnx.Linear(WIDTH, 32, { rngs });
    this.down = new nnx.Linear(32, WIDTH, { rngs });
    this.drop = new nnx.Dropout(0.1, { rngs });
  }
  forward(x: tf.Tensor, mask: tf.Tensor): tf.Tensor {
    const attended = tf.add(x, this.attention.forward(this.norm1.forward(x), { mask }));
    const wide = nnx.gelu(this.up.forward(this.norm2.forward(attended)));
    return tf.add(attended, this.drop.forward(this.down.forward(wide)));
  }
}

/** A causal decoder of two blocks. */
export class Decoder extends nnx.Module {
  readonly embed: nnx.Embed;
  readonly position: nnx.Param<tf.Tensor>;
  readonly blocks: Block[];
  readonly norm: nnx.LayerNorm;
  readonly out: nnx.Linear;
  constructor({ rngs }: { rngs: nnx.Rngs }) {
    super();
    this.embed = new nnx.Embed(VOCABULARY, WIDTH, { rngs });
    this.position = new nnx.Param(nnx.initializers.normal(0.02)(rngs.nextKey("params"), [LENGTH, WIDTH]));
    this.blocks = [new Block({ rngs }), new Block({ rngs })];
    this.norm = new nnx.LayerNorm(WIDTH, { rngs });
    this.out = new nnx.Linear(WIDTH, VOCABULARY, { rngs });
  }
  forward(tokens: tf.Tensor): tf.Tensor {
    const mask = nnx.makeCausalMask(tokens);
    const start: tf.Tensor = tf.add(this.embed.forward(tokens), this.position.value);
    const end = this.blocks.reduce((x, block) => block.forward(x, mask), start);
    return this.out.forward(this.norm.forward(end));
  }
}

/** Six tokens, a separator, and the same tokens backwards: `[count, 13]`. */
export function sequences(count: number, seed = 0): tf.Tensor2D {
  const rows = Array.from({ length: count }, (_, row) => {
    const i = row + seed * count;
    const tokens = Array.from({ length: 6 }, (__, j) => (i * (2 * j + 3) + j * j + Math.floor(i / 7)) % 10);
    return [...tokens, 10, ...[...tokens].reverse()];
  });
  return tf.tensor2d(rows, [count, LENGTH + 1], "int32");
}

export const nextTokens = (model: Decoder, tokens: tf.Tensor2D): tf.Scalar => {
  const given = tf.slice(tokens, [0, 0], [-1, LENGTH]);
  const next = tf.slice(tokens, [0, 1], [-1, LENGTH]);
  return tf.mean<tf.Scalar>(nnx.softmaxCrossEntropyWithIntegerLabels(model.forward(given), next));
};

/** An autoencoder of two layers each way, with tanh in the middle. */
export class Autoencoder extends nnx.Module {
  readonly encoder: nnx.Sequential;
  readonly decoder: nnx.Sequential;
  constructor({ rngs }: { rngs: nnx.Rngs }) {
    super();
    const linear = (from: number, to: number) => new nnx.Linear(from, to, { rngs });
    this.encoder = new nnx.Sequential(linear(64, 32), nnx.relu, linear(32, 8), nnx.tanh);
    this.decoder = new nnx.Sequential(linear(8, 32), nnx.relu, linear(32, 64));
  }
  forward(x: tf.Tensor2D): tf.Tensor2D {
    return this.decoder.forward(this.encoder.forward(x)) as tf.Tensor2D;
  }
}
