/**
 * @file The uncertainty of Dropout and DropConnect for digits that the model has never seen: five
 * seeds, 60 epochs on 0-7, 100 samples, both scalings of DropConnect. The table also has the
 * numbers of the same experiment with probly's layers on JAX. It takes about five minutes: `node
 * scripts/run.mjs benchmarks/digits-uncertainty.ts`. For fewer seeds or epochs: `...
 * benchmarks/digits-uncertainty.ts 1 10`.
 */
import "@tensorflow/tfjs-backend-wasm";
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { loadDigits } from "../examples/digits/data.ts";
import { CLASSES, examplesOf, type Images, PIXELS, pixelsOf } from "../examples/digits/images.ts";
import { crossEntropy } from "../examples/digits/train.ts";

const [SEEDS = 5, EPOCHS = 60] = process.argv.slice(2).map(Number);
const BATCH = 64;
const SAMPLES = 100;
const WIDTH = 128;
const HELD_OUT = 400;

class Classifier extends nnx.Module {
  readonly input: nnx.Linear;
  readonly hidden: nnx.Linear;
  readonly output: nnx.Linear;
  constructor({ rngs }: { rngs: nnx.Rngs }) {
    super();
    this.input = new nnx.Linear(PIXELS, WIDTH, { rngs });
    this.hidden = new nnx.Linear(WIDTH, WIDTH, { rngs });
    this.output = new nnx.Linear(WIDTH, CLASSES, { rngs });
  }
  forward(x: tf.Tensor2D): tf.Tensor2D {
    return this.output.forward(nnx.relu(this.hidden.forward(nnx.relu(this.input.forward(x)))));
  }
}

/** The names of the numbers of a run, or of their means, in order. */
const COLUMNS = [
  "accuracy",
  "NLL",
  "ECE",
  "TU known",
  "TU unseen",
  "EU known",
  "EU unseen",
  "AUROC TU",
  "AUROC EU",
] as const;
type Column = (typeof COLUMNS)[number];
type Numbers = Readonly<Record<Column, number>>;

interface Method {
  readonly name: string;
  readonly make: (model: Classifier, rngs: nnx.Rngs) => Classifier;
  readonly stochastic: boolean;
  /**
   * Means over five seeds of probly's layers on JAX 0.10.2 and Flax 0.12.8, in the same experiment.
   * NaN for a missing number.
   */
  readonly reference?: readonly number[];
}

const dropout = (rate: number, reference: readonly number[]): Method => ({
  name: `Dropout ${rate}`,
  make: (model, rngs) => nnx.dropout(model, rate, { rngs }),
  stochastic: true,
  reference,
});
const dropconnect = (
  rate: number,
  scaling: nnx.DropConnectScaling,
  reference?: readonly number[],
): Method => ({
  name: `DropConnect ${rate} ${scaling}`,
  make: (model, rngs) => nnx.dropconnect(model, rate, { rngs, scaling }),
  stochastic: true,
  ...(reference ? { reference } : {}),
});
const NONE = Number.NaN;
const METHODS: readonly Method[] = [
  {
    name: "no sampling",
    make: (model) => model,
    stochastic: false,
    reference: [0.989, 0.037, 0.01, 0.031, 0.531, NONE, NONE, 0.964, NONE],
  },
  dropout(0.25, [0.987, 0.04, 0.016, 0.071, 0.773, 0.022, 0.225, 0.965, 0.959]),
  dropout(0.5, [0.986, 0.06, 0.031, 0.153, 1.003, 0.061, 0.347, 0.97, 0.959]),
  dropconnect(0.1, "inference", [0.988, 0.04, 0.009, 0.047, 0.621, 0.006, 0.069, 0.961, 0.954]),
  dropconnect(0.1, "training"),
  dropconnect(0.25, "inference", [0.987, 0.044, 0.014, 0.073, 0.724, 0.013, 0.122, 0.96, 0.951]),
  dropconnect(0.25, "training"),
  dropconnect(0.5, "inference", [0.983, 0.081, 0.039, 0.185, 0.93, 0.042, 0.181, 0.952, 0.934]),
  dropconnect(0.5, "training"),
];

/** Those images, in that order. */
function take(images: Images, order: ArrayLike<number>): Images {
  const rows = Array.from(order, (i) => images.pixels.subarray(i * PIXELS, (i + 1) * PIXELS));
  return {
    pixels: Float32Array.from(rows.flatMap((row) => [...row])),
    labels: Int32Array.from(order, (i) => images.labels[i] as number),
    count: order.length,
  };
}

function train(model: Classifier, images: Images, seed: number): void {
  const optimizer = new nnx.Optimizer(model, nnx.adam(1e-3), { wrt: nnx.Param });
  const step = nnx.valueAndGrad((m: Classifier, x: tf.Tensor2D, labels: tf.Tensor1D) =>
    crossEntropy(m.forward(x), labels),
  );
  const key = nnx.random.key(seed + 200);
  const batches = new nnx.Batches(examplesOf(images), { batchSize: BATCH, key, epochs: EPOCHS });
  model.train();
  for (const { x, labels } of batches) tf.tidy(() => optimizer.update(model, step(model, x, labels)[1]));
  nnx.dispose([optimizer, batches]);
}

/** The samples, or one deterministic pass as a sample. */
function predict(model: Classifier, images: Images, stochastic: boolean): nnx.Table {
  const x = pixelsOf(images);
  try {
    model.eval();
    if (stochastic) return nnx.sample(model, x, SAMPLES, { key: nnx.random.key(99), outputs: "logits" });
    const data = tf.tidy(() => tf.softmax(model.forward(x)).dataSync<"float32">());
    return { data, shape: [1, images.count, CLASSES] };
  } finally {
    x.dispose();
  }
}

const meanOf = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

/** The mean negative log-likelihood of the labels, and the share of right predictions. */
function scores(probabilities: nnx.Table, { labels }: Images): { nll: number; accuracy: number } {
  const rows = Array.from(labels, (label, i) => {
    const row = Array.from({ length: CLASSES }, (_, k) => probabilities.data[i * CLASSES + k] as number);
    return {
      loss: -Math.log(Math.max(row[label] as number, 1e-12)),
      right: row.indexOf(Math.max(...row)) === label,
    };
  });
  return { nll: meanOf(rows.map((r) => r.loss)), accuracy: meanOf(rows.map((r) => Number(r.right))) };
}

interface Run {
  readonly numbers: Numbers;
  /**
   * The accuracy of the deterministic pass, and the area under the accuracy when inputs are
   * rejected by total uncertainty.
   */
  readonly deterministic: { readonly nll: number; readonly accuracy: number };
  readonly selective: number;
}

/** Each seed holds out another 400 of the digits 0-7. */
function splitBySeed(seed: number): { images: Images; known: Images; unseen: Images } {
  const { train: a, known: b, unseen } = loadDigits();
  const all: Images = {
    pixels: Float32Array.from([...a.pixels, ...b.pixels]),
    labels: Int32Array.from([...a.labels, ...b.labels]),
    count: a.count + b.count,
  };
  const order = tf.tidy(() => nnx.random.permutation(nnx.random.key(seed + 300), all.count).dataSync());
  return {
    images: take(all, order.subarray(HELD_OUT)),
    known: take(all, order.subarray(0, HELD_OUT)),
    unseen,
  };
}

function runOf(method: Method, seed: number): Run {
  const { images, known, unseen } = splitBySeed(seed);
  const rngs = new nnx.Rngs({
    params: seed,
    dropconnect: seed + 100,
    dropout: seed + 100,
  });
  const model = method.make(new Classifier({ rngs }), rngs);
  train(model, images, seed);
  const [ofKnown, ofUnseen] = [known, unseen].map((set) => predict(model, set, method.stochastic)) as [
    nnx.Table,
    nnx.Table,
  ];
  const mean = nnx.predictiveMean(ofKnown);
  const [familiar, strange] = [nnx.entropyDecomposition(ofKnown), nnx.entropyDecomposition(ofUnseen)];
  const { nll, accuracy } = scores(mean, known);
  const losses = Array.from(known.labels, (label, i) => {
    const row = mean.data.subarray(i * CLASSES, (i + 1) * CLASSES);
    return row.indexOf(Math.max(...row)) === label ? 0 : 1;
  });
  const numbers: Numbers = {
    accuracy,
    NLL: nll,
    ECE: nnx.expectedCalibrationError(mean, known.labels),
    "TU known": meanOf(familiar.total),
    "TU unseen": meanOf(strange.total),
    "EU known": method.stochastic ? meanOf(familiar.epistemic) : NONE,
    "EU unseen": method.stochastic ? meanOf(strange.epistemic) : NONE,
    "AUROC TU": nnx.auroc(familiar.total, strange.total),
    "AUROC EU": method.stochastic ? nnx.auroc(familiar.epistemic, strange.epistemic) : NONE,
  };
  const plain = scores(nnx.predictiveMean(predict(model, known, false)), known);
  const selective = 1 - nnx.selectivePrediction(familiar.total, losses).area;
  nnx.dispose(model);
  return { numbers, deterministic: plain, selective };
}

const show = (value: number): string => (Number.isNaN(value) ? "-" : value.toFixed(3)).padStart(11);
const spreadOf = (values: readonly number[]): number => {
  const mean = meanOf(values);
  return Math.sqrt(
    meanOf(values.map((value) => (value - mean) ** 2)) * (values.length / Math.max(1, values.length - 1)),
  );
};

tf.enableProdMode();
await tf.setBackend("wasm");
console.log(
  `${SEEDS} seeds, ${EPOCHS} epochs, ${SAMPLES} samples; entropies in nats; mean, (standard deviation over seeds), [JAX]\n`,
);
console.log(`${"".padEnd(28)}${COLUMNS.map((column) => column.padStart(11)).join("")}`);
for (const method of METHODS) {
  const runs = Array.from({ length: SEEDS }, (_, seed) => runOf(method, seed));
  const columns = COLUMNS.map((column) => runs.map((run) => run.numbers[column]));
  console.log(`${method.name.padEnd(28)}${columns.map((values) => show(meanOf(values))).join("")}`);
  console.log(
    `${"".padEnd(28)}${columns.map((values) => `(${show(spreadOf(values)).trim()})`.padStart(11)).join("")}`,
  );
  if (method.reference) {
    console.log(
      `${"".padEnd(28)}${method.reference.map((value) => `[${show(value).trim()}]`.padStart(11)).join("")}`,
    );
  }
  const of = (f: (run: Run) => number) => meanOf(runs.map(f)).toFixed(4);
  console.log(
    `${"".padEnd(28)}  deterministic pass: accuracy ${of((r) => r.deterministic.accuracy)}, NLL ${of((r) => r.deterministic.nll)}; ` +
      `area under accuracy while rejecting ${of((r) => r.selective)}`,
  );
}
