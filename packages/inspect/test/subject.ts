/** @file A model with all that the page shows: sharing, a cycle, a Map, images, attention, streams. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";

export class Encoder extends nnx.Module {
  readonly conv: nnx.Conv;
  readonly norm: nnx.BatchNorm;
  constructor({ rngs }: { rngs: nnx.Rngs }) {
    super();
    this.conv = new nnx.Conv(1, 6, [3, 3], { rngs });
    this.norm = new nnx.BatchNorm(6, { rngs });
  }
  forward(x: tf.Tensor4D): tf.Tensor4D {
    return nnx.relu(this.norm.forward(this.conv.forward(x)) as tf.Tensor4D);
  }
}

/** Classifies images `[rows, 8, 8, 1]`; the columns of an image attend to each other. */
export class Subject extends nnx.Module {
  readonly encoder: Encoder;
  readonly attention: nnx.MultiHeadAttention;
  readonly blocks: nnx.Linear[];
  readonly heads: Map<string, nnx.Linear>;
  readonly drop: nnx.Dropout;
  readonly tied: nnx.Linear;
  readonly label = "a subject";
  parent: { readonly owner: Subject } | undefined;

  constructor({ rngs }: { rngs: nnx.Rngs }) {
    super();
    this.encoder = new Encoder({ rngs });
    this.attention = new nnx.MultiHeadAttention(2, 48, { rngs, decode: false });
    this.blocks = [new nnx.Linear(48, 48, { rngs }), new nnx.Linear(48, 48, { rngs })];
    this.heads = new Map([
      ["main", new nnx.Linear(48, 10, { rngs })],
      ["an aside", new nnx.Linear(48, 2, { rngs })],
    ]);
    this.drop = new nnx.Dropout(0.2, { rngs });
    this.tied = this.blocks[0] as nnx.Linear;
    this.parent = { owner: this };
  }

  forward(x: tf.Tensor4D): tf.Tensor2D {
    const seen = this.encoder.forward(x);
    const columns = tf.reshape(seen, [x.shape[0], 8, 48]);
    const mixed = this.attention.forward(columns, { sowWeights: true });
    let h = tf.mean(mixed, 1) as tf.Tensor2D;
    for (const block of this.blocks) {
      h = nnx.relu(block.forward(h)) as tf.Tensor2D;
      this.sow(nnx.Intermediate, "hidden", h);
    }
    return (this.heads.get("main") as nnx.Linear).forward(this.drop.forward(h)) as tf.Tensor2D;
  }
}

export const lossOf = (m: Subject, x: tf.Tensor4D, labels: tf.Tensor1D): tf.Scalar =>
  tf.mean(nnx.softmaxCrossEntropyWithIntegerLabels(m.forward(x), labels));

/** Strokes at random places, in ten classes. */
export function imagesOf(rows: number, seed = 3): { x: tf.Tensor4D; labels: tf.Tensor1D } {
  const noise = nnx.random.uniform(nnx.random.key(seed), [rows, 64]).dataSync();
  const pixels = new Float32Array(rows * 64);
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < 64; i++) {
      const isStroke = Math.floor(i / 8) === row % 8 || i % 8 === (row * 3) % 8;
      pixels[row * 64 + i] = (isStroke ? 0.8 : 0.05) + 0.15 * (noise[row * 64 + i] as number);
    }
  const labels = Int32Array.from({ length: rows }, (_, i) => i % 10);
  return { x: tf.tensor4d(pixels, [rows, 8, 8, 1]), labels: tf.tensor1d(labels, "int32") };
}
