/**
 * @file Models of other kinds, widths, depths and losses, for flags whose thresholds were not chosen
 * on them.
 */
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "../src/index.ts";

const normal = (seed: number, shape: readonly number[]): tf.Tensor =>
  nnx.random.normal(nnx.random.key(seed), [...shape]);

/** A regression of one number from 13, by silu layers of falling width. */
export class Forecast extends nnx.Module {
  readonly layers: nnx.Linear[];
  readonly drop: nnx.Dropout;
  constructor({ rngs, widths = [200, 120, 60] }: { rngs: nnx.Rngs; widths?: readonly number[] }) {
    super();
    const sizes = [13, ...widths, 1];
    this.layers = sizes.slice(1).map((to, i) => new nnx.Linear(sizes[i] as number, to, { rngs }));
    this.drop = new nnx.Dropout(0.1, { rngs });
  }
  forward(x: tf.Tensor): tf.Tensor {
    const last = this.layers.length - 1;
    return this.layers.reduce((h, layer, i) => {
      const y = layer.forward(h);
      return i === last ? y : this.drop.forward(nnx.silu(y));
    }, x);
  }
}

/** `[count, 13]` and `[count, 1]`: a smooth function of the numbers, and noise. */
export function measurements(count: number, seed = 0): { x: tf.Tensor2D; y: tf.Tensor2D } {
  return nnx.tidy(() => {
    const x = normal(seed, [count, 13]) as tf.Tensor2D;
    const weights = normal(99, [13, 1]);
    const smooth = tf.add(
      tf.sin(tf.matMul(x, weights as tf.Tensor2D)),
      tf.mul(0.3, tf.matMul(tf.square(x), weights as tf.Tensor2D)),
    );
    return { x, y: tf.add(smooth, tf.mul(0.1, normal(seed + 1, [count, 1]))) as tf.Tensor2D };
  });
}

export const huber = (m: { forward(x: tf.Tensor): tf.Tensor }, x: tf.Tensor, y: tf.Tensor): tf.Scalar =>
  tf.mean(nnx.huberLoss(m.forward(x), y));

/** Says of a sequence `[rows, steps, 5]` which of two kinds it is; a GRU reads it. */
export class Reader extends nnx.Module {
  readonly rnn: nnx.RNN;
  readonly norm: nnx.LayerNorm;
  readonly drop: nnx.Dropout;
  readonly out: nnx.Linear;
  constructor({ rngs, width = 24 }: { rngs: nnx.Rngs; width?: number }) {
    super();
    this.rnn = new nnx.RNN(new nnx.GRUCell(5, width, { rngs })) as unknown as nnx.RNN;
    this.norm = new nnx.LayerNorm(width, { rngs });
    this.drop = new nnx.Dropout(0.2, { rngs });
    this.out = new nnx.Linear(width, 1, { rngs });
  }
  forward(x: tf.Tensor): tf.Tensor {
    const states = this.rnn.forward(x as tf.Tensor3D) as tf.Tensor3D;
    const last = tf.squeeze(tf.slice(states, [0, states.shape[1] - 1, 0], [-1, 1, -1]), [1]);
    return this.out.forward(this.drop.forward(this.norm.forward(last)));
  }
}

/** Waves `[count, steps, 5]` that are slow (0) or quick (1), with noise. */
export function waves(count: number, steps = 20, seed = 0): { x: tf.Tensor3D; y: tf.Tensor2D } {
  const noise = normal(seed, [count, steps, 5]).dataSync();
  const labels = Array.from({ length: count }, (_, i) => (i * 5 + seed) % 2);
  const values = noise.map((z, at) => {
    const [row, step, channel] = [Math.floor(at / (5 * steps)), Math.floor(at / 5) % steps, at % 5];
    return Math.sin((labels[row] ? 0.9 : 0.35) * step + channel + row) + 0.4 * z;
  });
  return { x: tf.tensor3d(values, [count, steps, 5]), y: tf.tensor2d(labels, [count, 1]) };
}

export const yesOrNo = (m: { forward(x: tf.Tensor): tf.Tensor }, x: tf.Tensor, y: tf.Tensor): tf.Scalar =>
  tf.mean(nnx.sigmoidBinaryCrossEntropy(m.forward(x), y));

/** Two convolutions around which the input goes. */
class Residual extends nnx.Module {
  readonly conv1: nnx.Conv;
  readonly norm1: nnx.BatchNorm;
  readonly conv2: nnx.Conv;
  readonly norm2: nnx.BatchNorm;
  constructor(width: number, momentum: number, { rngs }: { rngs: nnx.Rngs }) {
    super();
    const kernelInit = nnx.initializers.heNormal();
    const conv = () => new nnx.Conv(width, width, [3, 3], { useBias: false, kernelInit, rngs });
    this.conv1 = conv();
    this.norm1 = new nnx.BatchNorm(width, { momentum, rngs });
    this.conv2 = conv();
    this.norm2 = new nnx.BatchNorm(width, { momentum, rngs });
  }
  forward(x: tf.Tensor4D): tf.Tensor4D {
    const h = nnx.relu(this.norm1.forward(this.conv1.forward(x)));
    return nnx.relu(tf.add(x, this.norm2.forward(this.conv2.forward(h as tf.Tensor4D)))) as tf.Tensor4D;
  }
}

/** A residual network for images `[rows, 10, 10, 3]` of five classes. */
export class ResNet extends nnx.Module {
  readonly stem: nnx.Conv;
  readonly blocks: Residual[];
  readonly drop: nnx.Dropout;
  readonly head: nnx.Linear;
  constructor({
    rngs,
    width = 12,
    depth = 3,
    momentum = 0.9,
  }: { rngs: nnx.Rngs; width?: number; depth?: number; momentum?: number }) {
    super();
    this.stem = new nnx.Conv(3, width, [3, 3], { rngs });
    this.blocks = Array.from({ length: depth }, () => new Residual(width, momentum, { rngs }));
    this.drop = new nnx.Dropout(0.2, { rngs });
    this.head = new nnx.Linear(width, 5, { rngs });
  }
  forward(images: tf.Tensor4D): tf.Tensor2D {
    const last = this.blocks.reduce((x, block) => block.forward(x), this.stem.forward(images) as tf.Tensor4D);
    return this.head.forward(this.drop.forward(tf.mean(last, [1, 2]))) as tf.Tensor2D;
  }
}

/** Stripes of five directions: `[count, 10, 10, 3]` of mean 0, and labels. */
export function stripes(count: number, seed = 0): { x: tf.Tensor4D; y: tf.Tensor1D } {
  const noise = normal(seed, [count, 10, 10, 3]).dataSync();
  const labels = Array.from({ length: count }, (_, i) => (i * 3 + seed) % 5);
  const values = noise.map((z, at) => {
    const [row, y, x, color] = [
      Math.floor(at / 300),
      Math.floor(at / 30) % 10,
      Math.floor(at / 3) % 10,
      at % 3,
    ];
    const angle = ((labels[row] as number) * Math.PI) / 5;
    return Math.sin(1.6 * (Math.cos(angle) * x + Math.sin(angle) * y) + row + color) + 0.5 * z;
  });
  return { x: tf.tensor4d(values, [count, 10, 10, 3]), y: tf.tensor1d(labels, "int32") };
}

export const oneOfFive = (m: { forward(x: never): tf.Tensor }, x: tf.Tensor, y: tf.Tensor1D): tf.Scalar =>
  tf.mean(nnx.softmaxCrossEntropyWithIntegerLabels(m.forward(x as never), y));

const WORDS = 700;

class EncoderBlock extends nnx.Module {
  readonly norm1: nnx.RMSNorm;
  readonly attention: nnx.MultiHeadAttention;
  readonly norm2: nnx.RMSNorm;
  readonly gate: nnx.Linear;
  readonly up: nnx.Linear;
  readonly down: nnx.Linear;
  readonly drop: nnx.Dropout;
  constructor(width: number, { rngs }: { rngs: nnx.Rngs }) {
    super();
    const linear = (from: number, to: number) => new nnx.Linear(from, to, { useBias: false, rngs });
    this.norm1 = new nnx.RMSNorm(width, { rngs });
    this.attention = new nnx.MultiHeadAttention(4, width, { decode: false, rngs });
    this.norm2 = new nnx.RMSNorm(width, { rngs });
    this.gate = linear(width, 2 * width);
    this.up = linear(width, 2 * width);
    this.down = linear(2 * width, width);
    this.drop = new nnx.Dropout(0.1, { rngs });
  }
  forward(x: tf.Tensor, sowWeights: boolean): tf.Tensor {
    const attended = tf.add(x, this.attention.forward(this.norm1.forward(x), { sowWeights }));
    const y = this.norm2.forward(attended);
    const gated = tf.mul(nnx.silu(this.gate.forward(y)), this.up.forward(y));
    return tf.add(attended, this.drop.forward(this.down.forward(gated)));
  }
}

/** Guesses hidden words of a text; one matrix is the embedding and the last layer. */
export class Guesser extends nnx.Module {
  readonly words: nnx.Embed;
  readonly tied: nnx.Embed;
  readonly blocks: EncoderBlock[];
  readonly norm: nnx.RMSNorm;
  constructor({ rngs, width = 32, depth = 3 }: { rngs: nnx.Rngs; width?: number; depth?: number }) {
    super();
    this.words = new nnx.Embed(WORDS, width, { rngs });
    this.tied = this.words;
    this.blocks = Array.from({ length: depth }, () => new EncoderBlock(width, { rngs }));
    this.norm = new nnx.RMSNorm(width, { rngs });
  }
  forward(words: tf.Tensor2D, sowWeights = false): tf.Tensor {
    const start: tf.Tensor = this.words.forward(words);
    const end = this.blocks.reduce((x, block) => block.forward(x, sowWeights), start);
    return this.tied.attend(this.norm.forward(end));
  }
}

/** Rows of words with numbers up to 700; each third word follows from the two before it. */
export function texts(count: number, length = 9, seed = 0): { x: tf.Tensor2D; y: tf.Tensor2D } {
  const rows = Array.from({ length: count }, (_, row) => {
    const words: number[] = [];
    for (let i = 0; i < length; i++)
      words.push(
        i % 3 === 2
          ? ((words[i - 1] as number) + (words[i - 2] as number)) % WORDS
          : ((row + seed) * 131 + i * i * 17) % WORDS,
      );
    return words;
  });
  const hidden = rows.map((row) => row.map((word, i) => (i % 3 === 2 ? 0 : word)));
  return { x: tf.tensor2d(hidden, [count, length], "int32"), y: tf.tensor2d(rows, [count, length], "int32") };
}

export const hiddenWords = (m: Guesser, x: tf.Tensor2D, y: tf.Tensor2D, sowWeights = false): tf.Scalar =>
  tf.mean(nnx.softmaxCrossEntropyWithIntegerLabels(m.forward(x, sowWeights), y));
