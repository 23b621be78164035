/**
 * @file The faults of `faults.test.ts` in models on which no threshold was chosen, of other kinds,
 * widths, depths, losses and optimizers; and healthy trainings of such models.
 */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  Forecast,
  Guesser,
  hiddenWords,
  huber,
  measurements,
  oneOfFive,
  Reader,
  ResNet,
  stripes,
  texts,
  waves,
  yesOrNo,
} from "../../test/further-models.ts";
import { scaleKernels } from "../../test/scale-kernels.ts";
import * as nnx from "../index.ts";

type Tensors = readonly tf.Tensor[];
type Loss<M> = (model: M, ...args: never[]) => tf.Scalar;

/** A model, its loss, its data and its optimizer. */
interface Subject<M extends nnx.Module> {
  readonly make: () => M;
  readonly loss: Loss<M>;
  readonly data: () => Tensors;
  readonly tx: () => nnx.GradientTransformation;
}

const seeds = () => new nnx.Rngs({ params: 0, dropout: 1 });
const valuesOf = <T extends object>(of: T): Tensors => Object.values(of) as Tensors;

/** A regression with silu, by momentum. */
const forecast: Subject<Forecast> = {
  make: () => new Forecast({ rngs: seeds(), widths: [60, 40, 20] }),
  loss: huber,
  data: () => valuesOf(measurements(48)),
  tx: () => nnx.sgd(0.03, { momentum: 0.9 }),
};
/** A GRU that says yes or no, by RMSProp. */
const reader: Subject<Reader> = {
  make: () => new Reader({ rngs: seeds(), width: 12 }),
  loss: yesOrNo,
  data: () => valuesOf(waves(24, 12)),
  tx: () => nnx.rmsprop(1e-3),
};
/** A residual network with BatchNorm, by Nesterov's momentum. */
const resNet: Subject<ResNet> = {
  make: () => new ResNet({ rngs: seeds(), width: 8, depth: 2 }),
  loss: oneOfFive,
  data: () => valuesOf(stripes(16)),
  tx: () => nnx.sgd(0.05, { momentum: 0.9, nesterov: true }),
};
/** A transformer that shares its embedding with its last layer, by AdamW. */
const guesser: Subject<Guesser> = {
  make: () => new Guesser({ rngs: seeds(), width: 16, depth: 2 }),
  loss: hiddenWords,
  data: () => valuesOf(texts(8)),
  tx: () => nnx.adamw(1e-3),
};

interface Change<M extends nnx.Module> {
  readonly model?: (model: M) => void;
  readonly data?: (data: Tensors) => Tensors;
  readonly loss?: Loss<M>;
  readonly tx?: () => nnx.GradientTransformation;
  readonly wrt?: nnx.Filter;
  readonly isEvaluation?: boolean;
  /** So many steps are trained before. */
  readonly steps?: number;
}

function diagnosed<M extends nnx.Module>(subject: Subject<M>, change: Change<M> = {}): nnx.Diagnosis {
  const model = subject.make();
  change.model?.(model);
  const data = (change.data ?? ((same) => same))(subject.data()) as never[];
  const loss = change.loss ?? subject.loss;
  if (change.isEvaluation) return nnx.diagnose(model, loss, { training: false })(...data);
  const optimizer = new nnx.Optimizer(model, (change.tx ?? subject.tx)(), { wrt: change.wrt ?? nnx.Param });
  for (let step = 0; step < (change.steps ?? 0); step++)
    tf.tidy(() => {
      const [, gradients] = nnx.valueAndGrad(loss as (m: M, ...args: tf.Tensor[]) => tf.Scalar)(
        model,
        ...data,
      );
      optimizer.update(model, gradients);
    });
  return nnx.diagnose(model, loss, { optimizer })(...data);
}

const without = (part: string | number): nnx.Filter => nnx.allOf(nnx.Param, nnx.not(nnx.pathContains(part)));
const logOfRelu = (model: { forward(x: never): tf.Tensor }, x: tf.Tensor): tf.Scalar =>
  tf.neg(tf.mean(tf.log(nnx.relu(model.forward(x as never)))));
const scaled =
  (factor: number, shift = 0) =>
  ([x, ...rest]: Tensors): Tensors => [tf.add(tf.mul(x as tf.Tensor, factor), shift), ...rest];

const stopAt = (layer: { forward(...args: never[]): tf.Tensor }): void => {
  const forward = layer.forward.bind(layer);
  layer.forward = (...args: never[]) => nnx.stopGradient(forward(...args));
};

const faults: readonly (readonly [
  kind: nnx.FlagKind,
  path: string,
  name: string,
  run: () => nnx.Diagnosis,
])[] = [
  [
    "dead",
    "blocks.0.norm1.forward",
    "relus behind a BatchNorm whose biases are -20",
    () => diagnosed(resNet, { model: ({ blocks }) => (blocks[0]!.norm1.bias!.value = tf.fill([8], -20)) }),
  ],
  [
    "exploding",
    "layers.0.forward",
    "kernels of std 1, silu",
    () => diagnosed(forecast, { model: scaleKernels }),
  ],
  ["nonFinite", "", "log of 0, regression", () => diagnosed(forecast, { loss: logOfRelu })],
  ["nonFinite", "", "log of 0, GRU", () => diagnosed(reader, { loss: logOfRelu })],
  ["mode", "", "forgotten eval(), GRU", () => diagnosed(reader, { isEvaluation: true })],
  ["mode", "", "forgotten eval(), residual network", () => diagnosed(resNet, { isEvaluation: true })],
  [
    "mode",
    "blocks.1.drop",
    "one dropout on in an evaluation, transformer",
    () =>
      diagnosed(guesser, {
        isEvaluation: true,
        model(model) {
          model.eval();
          model.blocks[1]!.drop.deterministic = false;
        },
      }),
  ],
  [
    "sharedStream",
    "blocks.1.drop.rngs",
    "blocks made from one seed, transformer",
    () => diagnosed(guesser, { model: (model) => (model.blocks[1] = guesser.make().blocks[0]!) }),
  ],
  [
    "sharedStream",
    "blocks.1.conv1.kernel",
    "blocks made from one seed, residual network",
    () => diagnosed(resNet, { model: (model) => (model.blocks[1] = resNet.make().blocks[0]!) }),
  ],
  ["largeUpdates", "", "Adam at 0.3, GRU", () => diagnosed(reader, { tx: () => nnx.adam(0.3) })],
  ["largeUpdates", "", "SGD at 10, regression", () => diagnosed(forecast, { tx: () => nnx.sgd(10) })],
  ["largeUpdates", "", "SGD at 10, residual network", () => diagnosed(resNet, { tx: () => nnx.sgd(10) })],
  ["smallUpdates", "", "SGD at 1e-7, transformer", () => diagnosed(guesser, { tx: () => nnx.sgd(1e-7) })],
  ["smallUpdates", "", "Adam at 1e-7, GRU", () => diagnosed(reader, { tx: () => nnx.adam(1e-7) })],
  ["input", "layers.0", "mean 100, std 30, regression", () => diagnosed(forecast, { data: scaled(30, 100) })],
  ["input", "stem", "0 to 255, residual network", () => diagnosed(resNet, { data: scaled(40, 128) })],
  ["input", "rnn.cell.dense_i", "std 50, GRU", () => diagnosed(reader, { data: scaled(50) })],
  ["frozen", "layers.1", "left out of wrt, regression", () => diagnosed(forecast, { wrt: without(1) })],
  ["frozen", "rnn.cell.dense_h", "left out of wrt, GRU", () => diagnosed(reader, { wrt: without("rnn") })],
  [
    "frozen",
    "stem",
    "stopGradient, residual network",
    () => diagnosed(resNet, { model: ({ stem }) => stopAt(stem) }),
  ],
  [
    "frozen",
    "blocks.0.attention.query",
    "stopGradient, transformer",
    () => diagnosed(guesser, { model: ({ blocks }) => stopAt(blocks[0]!) }),
  ],
  [
    "statistics",
    "blocks.0.norm1",
    "momentum 0.999 after 100 passes, residual network",
    () => {
      const model = new ResNet({ rngs: seeds(), width: 4, depth: 1, momentum: 0.999 });
      const { x, y } = stripes(8);
      for (let pass = 0; pass < 100; pass++) nnx.dispose(model.forward(x));
      return nnx.diagnose(model, oneOfFive, { steps: 100 })(x, y);
    },
  ],
];

/** A logistic regression: one kernel of 13 numbers, whose updates are large beside it. */
class Logistic extends nnx.Module {
  readonly out = new nnx.Linear(13, 1, { rngs: seeds() });
  forward(x: tf.Tensor): tf.Tensor {
    return this.out.forward(x);
  }
}

/** Returns a probability. When it is sure, its output is at the ends of the sigmoid, as it should be. */
class Sure extends nnx.Module {
  readonly hidden = new nnx.Linear(13, 30, { rngs: seeds() });
  readonly out = new nnx.Linear(30, 1, { rngs: seeds() });
  forward(x: tf.Tensor): tf.Tensor {
    return nnx.sigmoid(this.out.forward(nnx.tanh(this.hidden.forward(x))));
  }
}
const ofProbability = (model: Sure, x: tf.Tensor, y: tf.Tensor): tf.Scalar => {
  const p = tf.clipByValue(model.forward(x), 1e-6, 1 - 1e-6);
  return tf.neg(tf.mean(tf.log(tf.where(tf.cast(y, "bool"), p, tf.sub(1, p)))));
};
const signs = (): Tensors => {
  const { x, y } = measurements(64);
  return [x, tf.cast(tf.greater(y, 0), "float32")];
};

/** Fifteen layers of relu: deep down, examples are alike, and half of the units are off for all of them. */
class Tower extends nnx.Module {
  readonly layers: nnx.Linear[];
  constructor() {
    super();
    const rngs = seeds();
    const kernelInit = nnx.initializers.heNormal();
    this.layers = Array.from(
      { length: 15 },
      (_, i) => new nnx.Linear(i === 0 ? 13 : 50, i === 14 ? 1 : 50, { kernelInit, rngs }),
    );
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.layers.reduce((h, layer, i) => (i === 0 ? layer.forward(h) : layer.forward(nnx.relu(h))), x);
  }
}

/** Users and things, by their numbers: most rows get no gradient. */
class Recommender extends nnx.Module {
  readonly users = new nnx.Embed(500, 16, { rngs: seeds() });
  readonly things = new nnx.Embed(300, 16, { rngs: new nnx.Rngs(5) });
  forward(user: tf.Tensor, thing: tf.Tensor): tf.Tensor {
    return tf.sum(tf.mul(this.users.forward(user), this.things.forward(thing)), -1);
  }
}
const ratings = (): Tensors => {
  const ids = (step: number, count: number) => Array.from({ length: 64 }, (_, i) => (i * step) % count);
  return [tf.tensor1d(ids(37, 500), "int32"), tf.tensor1d(ids(53, 300), "int32"), tf.sin(tf.range(0, 64))];
};
const ofRatings = (model: Recommender, user: tf.Tensor, thing: tf.Tensor, y: tf.Tensor): tf.Scalar =>
  tf.mean(tf.squaredDifference(model.forward(user, thing), y));

/** Two recurrent layers, one on the other. Each takes a key for its first carry, and does not use it. */
class TwoRnns extends nnx.Module {
  readonly first: nnx.RNN<tf.Tensor>;
  readonly second: nnx.RNN<tf.Tensor>;
  readonly out: nnx.Linear;
  constructor() {
    super();
    const rngs = seeds();
    this.first = new nnx.RNN(new nnx.GRUCell(5, 8, { rngs }));
    this.second = new nnx.RNN(new nnx.SimpleCell(8, 6, { rngs }));
    this.out = new nnx.Linear(6, 1, { rngs });
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.out.forward(tf.mean(this.second.forward(this.first.forward(x)), 1));
  }
}

const healthy: readonly (readonly [name: string, run: () => nnx.Diagnosis])[] = [
  ["a regression before training", () => diagnosed(forecast)],
  ["a regression after 25 steps", () => diagnosed(forecast, { steps: 25 })],
  [
    "a regression with batches of 1, by Lion",
    () =>
      diagnosed(
        { ...forecast, data: () => valuesOf(measurements(1)), tx: () => nnx.lion(1e-4) },
        { steps: 20 },
      ),
  ],
  [
    "a regression at the start of a warm-up",
    () =>
      diagnosed(forecast, { tx: () => nnx.adamw(nnx.warmupCosineDecaySchedule(0, 1e-3, 50, 400)), steps: 1 }),
  ],
  ["a GRU before training", () => diagnosed(reader)],
  ["a GRU after 8 steps", () => diagnosed(reader, { steps: 8 })],
  ["a GRU in an evaluation", () => diagnosed(reader, { isEvaluation: true, model: (model) => model.eval() })],
  ["a residual network before training", () => diagnosed(resNet)],
  ["a residual network after 6 steps", () => diagnosed(resNet, { steps: 6 })],
  ["a transformer with a shared embedding", () => diagnosed(guesser)],
  ["a transformer after 4 steps of LAMB", () => diagnosed(guesser, { tx: () => nnx.lamb(3e-3), steps: 4 })],
  [
    "a logistic regression by SGD at 0.5",
    () => diagnosed({ make: () => new Logistic(), loss: yesOrNo, data: signs, tx: () => nnx.sgd(0.5) }),
  ],
  [
    "a classifier that has become sure",
    () =>
      diagnosed(
        { make: () => new Sure(), loss: ofProbability, data: signs, tx: () => nnx.adam(0.1) },
        { steps: 40 },
      ),
  ],
  [
    "fifteen layers of relu before training",
    () =>
      diagnosed({
        make: () => new Tower(),
        loss: huber,
        data: () => valuesOf(measurements(128)),
        tx: () => nnx.adam(1e-3),
      }),
  ],
  [
    "a recommender with AdaGrad",
    () =>
      diagnosed(
        { make: () => new Recommender(), loss: ofRatings, data: ratings, tx: () => nnx.adagrad(0.1) },
        { steps: 20 },
      ),
  ],
  [
    "two recurrent layers",
    () =>
      diagnosed(
        {
          make: () => new TwoRnns(),
          loss: yesOrNo,
          data: () => valuesOf(waves(24, 10)),
          tx: () => nnx.adam(3e-3),
        },
        { steps: 5 },
      ),
  ],
];

const oneLine = ({ kind, path, message }: nnx.Flag): string => `${kind} at ${path.join(".")}: ${message}`;

describe("on models on which no threshold was chosen, a flag", () => {
  beforeAll(() => tf.setBackend("cpu"));

  it.each(faults)("%s at %s names: %s", (kind, path, _, run) => {
    const { flags } = run();
    const found = flags.find((flag) => flag.kind === kind && flag.path.join(".") === path);
    expect(found, flags.map(oneLine).join("\n")).toBeDefined();
  });

  it.each(healthy)("is not on %s", (_, run) => {
    expect(run().flags.map(oneLine)).toEqual([]);
  });

  it("is one for all calls of a recurrent cell", () => {
    const { flags, rows } = diagnosed(reader, { data: scaled(50) });
    const saturated = flags.filter(
      ({ kind, path }) => kind === "saturated" && path.join(".") === "rnn.cell.forward",
    );
    expect(saturated).toHaveLength(1);
    expect(rows.filter((row) => row.flags.includes(saturated[0]!)).length).toBeGreaterThan(5);
  });
});
