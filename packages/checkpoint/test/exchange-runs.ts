/**
 * @file The models of conformance/exchange_models.py with their optimizers and batches. All numbers of
 * batches are eighths and integers, so that both languages have the same bits.
 */
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "@nnxjs/nnx";

const [ROWS, FEATURES, CLASSES] = [8, 6, 3];
const [WORDS, LENGTH, WIDTH] = [7, 5, 8];

interface Options {
  readonly rngs: nnx.Rngs;
}

/** What all three are. */
interface Predictor extends nnx.Module {
  forward(x: tf.Tensor): tf.Tensor;
}

class Mlp extends nnx.Module implements Predictor {
  readonly hidden: nnx.Linear;
  readonly norm: nnx.BatchNorm;
  readonly drop: nnx.Dropout;
  readonly out: nnx.Linear;
  constructor({ rngs }: Options) {
    super();
    // A bias before a BatchNorm has no gradient but rounding.
    this.hidden = new nnx.Linear(FEATURES, 12, { useBias: false, rngs });
    this.norm = new nnx.BatchNorm(12, { rngs });
    this.drop = new nnx.Dropout(0.3, { rngs });
    this.out = new nnx.Linear(12, CLASSES, { rngs });
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.out.forward(this.drop.forward(nnx.relu(this.norm.forward(this.hidden.forward(x)))));
  }
}

class Decoder extends nnx.Module implements Predictor {
  readonly embed: nnx.Embed;
  readonly norm1: nnx.LayerNorm;
  readonly attention: nnx.MultiHeadAttention;
  readonly norm2: nnx.LayerNorm;
  /** The name is that of the model in Python. */
  readonly feed_forward: readonly [up: nnx.Linear, down: nnx.Linear];
  readonly drop: nnx.Dropout;
  readonly out: nnx.Linear;
  constructor({ rngs }: Options) {
    super();
    this.embed = new nnx.Embed(WORDS, WIDTH, { rngs });
    this.norm1 = new nnx.LayerNorm(WIDTH, { rngs });
    const dropped = { dropoutRate: 0.1, decode: false, deterministic: false };
    this.attention = new nnx.MultiHeadAttention(2, WIDTH, { ...dropped, rngs });
    this.norm2 = new nnx.LayerNorm(WIDTH, { rngs });
    this.feed_forward = [new nnx.Linear(WIDTH, 12, { rngs }), new nnx.Linear(12, WIDTH, { rngs })];
    this.drop = new nnx.Dropout(0.1, { rngs });
    this.out = new nnx.Linear(WIDTH, WORDS, { rngs });
  }
  forward(tokens: tf.Tensor): tf.Tensor {
    const words = this.embed.forward(tokens);
    const mask = nnx.makeCausalMask(tokens);
    const x = tf.add(words, this.attention.forward(this.norm1.forward(words), { mask }));
    const [up, down] = this.feed_forward;
    const inner = down.forward(nnx.gelu(up.forward(this.norm2.forward(x))));
    return this.out.forward(tf.add(x, this.drop.forward(inner)));
  }
}

class Reader extends nnx.Module implements Predictor {
  readonly rnn: nnx.RNN;
  readonly out: nnx.Linear;
  constructor({ rngs }: Options) {
    super();
    this.rnn = new nnx.RNN(new nnx.GRUCell(2, 6, { rngs }), { rngs });
    this.out = new nnx.Linear(6, CLASSES, { rngs });
  }
  forward(x: tf.Tensor): tf.Tensor {
    const last = tf.slice(this.rnn.forward(x), [0, FEATURES / 2 - 1, 0], [-1, 1, -1]);
    return this.out.forward(tf.reshape(last, [-1, 6]));
  }
}

/** The names of the runs. */
export const runNames = ["mlp", "decoder", "rnn"] as const;
export type RunName = (typeof runNames)[number];

const models: Readonly<Record<RunName, new (options: Options) => Predictor>> = {
  mlp: Mlp,
  decoder: Decoder,
  rnn: Reader,
};

const warmUp = (count: number): number => 1e-2 * Math.min(1, (count + 1) / 16);

const transformations: Readonly<Record<RunName, () => nnx.GradientTransformation>> = {
  mlp: () => nnx.chain(nnx.clipByGlobalNorm(0.5), nnx.adamw(warmUp, { weightDecay: 1e-2 })),
  decoder: () => nnx.adamw(3e-3),
  rnn: () => new nnx.MultiSteps(nnx.sgd(0.1, { momentum: 0.9 }), 2),
};

/** A model and its optimizer. */
export interface Run {
  readonly model: Predictor;
  readonly optimizer: nnx.Optimizer;
}

export function makeRun(name: RunName, seed: number): Run {
  const model = new models[name]({ rngs: new nnx.Rngs(seed, { dropout: seed + 1 }) });
  return { model, optimizer: new nnx.Optimizer(model, transformations[name](), { wrt: nnx.Param }) };
}

const table = (columns: number, f: (i: number, j: number) => number): number[] =>
  Array.from({ length: ROWS * columns }, (_, at) => f(Math.floor(at / columns), at % columns));

function batchOf(name: RunName, step: number): { x: tf.Tensor; labels: tf.Tensor } {
  if (name === "decoder") {
    const all = tf.tensor2d(
      table(LENGTH + 1, (i, j) => (i * (j + 2) + Math.floor(i / 3) + step) % WORDS),
      [ROWS, LENGTH + 1],
      "int32",
    );
    return { x: tf.slice(all, [0, 0], [-1, LENGTH]), labels: tf.slice(all, [0, 1], [-1, LENGTH]) };
  }
  const x = table(FEATURES, (i, j) => (((i * 7 + j * 3 + step * 5) % 13) - 6) / 8);
  return {
    x: tf.tensor(x, name === "rnn" ? [ROWS, FEATURES / 2, 2] : [ROWS, FEATURES], "float32"),
    labels: tf.tensor1d(
      table(1, (i) => (i + step) % CLASSES),
      "int32",
    ),
  };
}

function lossOf(model: Predictor, x: tf.Tensor, labels: tf.Tensor): tf.Scalar {
  const logits = model.forward(x);
  const right = tf.mul(nnx.oneHot(labels, logits.shape.at(-1) as number), nnx.logSoftmax(logits));
  return tf.neg(tf.mean(tf.sum(right, -1)));
}

/** The losses of some steps. */
export const train = (name: RunName, { model, optimizer }: Run, first: number, steps: number): number[] =>
  Array.from({ length: steps }, (_, i) =>
    tf.tidy(() => {
      const { x, labels } = batchOf(name, first + i);
      const [loss, grads] = nnx.valueAndGrad(lossOf)(model, x, labels);
      optimizer.update(model, grads);
      return loss.dataSync()[0] as number;
    }),
  );

/** Logits of the batch of step 100, without dropout and with the statistics that were learned. */
export const logitsOf = (name: RunName, { model }: Run): number[] =>
  tf.tidy(() => {
    const evaluating = nnx.view(
      model,
      { deterministic: true, useRunningAverage: true },
      { raiseIfNotFound: false },
    );
    return [...evaluating.forward(batchOf(name, 100).x).dataSync()];
  });
