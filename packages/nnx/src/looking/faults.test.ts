/**
 * @file Ten faults that are put into ordinary models, each named by a flag; and models without
 * faults, which have no flag. Makes the table in docs/see-inside.md:
 * `WRITE_DOCS=1 npx vitest run packages/nnx/src/looking/faults.test.ts`
 */
import { readFileSync, writeFileSync } from "node:fs";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadDigits } from "../../../../examples/digits/data.ts";
import { first, pixelsOf } from "../../../../examples/digits/images.ts";
import { Mlp } from "../../../../examples/digits/model.ts";
import * as nnx from "../index.ts";
import {
  Autoencoder,
  Block,
  classify,
  Cnn,
  Decoder,
  nextTokens,
  sequences,
  spots,
} from "../../test/models.ts";
import { scaleKernels } from "../../test/scale-kernels.ts";

const seeds = () => new nnx.Rngs({ params: 0, dropout: 1, dropconnect: 2 });
const { images, labels } = spots(64);
const cnn = (momentum = 0.9) => new Cnn({ rngs: seeds(), momentum });
const adamOf = (model: object, rate = 1e-3) => new nnx.Optimizer(model, nnx.adam(rate), { wrt: nnx.Param });

/** Trains in place. */
function train(
  model: object,
  loss: () => readonly [tf.Scalar, unknown],
  optimizer: nnx.Optimizer,
  steps: number,
): void {
  for (let i = 0; i < steps; i++)
    tf.tidy(() => {
      optimizer.update(model, loss()[1] as nnx.State);
    });
}

const trainCnn = (model: Cnn, optimizer: nnx.Optimizer, steps: number) => {
  const few = spots(16);
  train(model, () => nnx.valueAndGrad(classify)(model, few.images, few.labels), optimizer, steps);
};

const digits = () => {
  const some = first(loadDigits().train, 64);
  return { x: pixelsOf(some), y: tf.tensor1d(some.labels, "int32") };
};
const digitsLoss = (m: Mlp, x: tf.Tensor2D, y: tf.Tensor1D) =>
  tf.mean<tf.Scalar>(nnx.softmaxCrossEntropyWithIntegerLabels(m.forward(x), y));
const mlp = () => new Mlp(0.25, { rngs: seeds() });

const decoder = () => new Decoder({ rngs: seeds() });

interface Fault {
  readonly name: string;
  readonly model: string;
  readonly kind: nnx.FlagKind;
  readonly path: string;
  readonly where: nnx.FlagPlace;
  readonly run: () => nnx.Diagnosis;
}

const faults: readonly Fault[] = [
  {
    name: "dead relus: a step that was too large has moved the biases to -20",
    model: "CNN",
    kind: "dead",
    path: "hidden.forward",
    where: "outputs",
    run: () => {
      const model = cnn();
      model.hidden.bias!.value = tf.fill([32], -20);
      return nnx.diagnose(model, classify)(images, labels);
    },
  },
  {
    name: "exploding gradients: kernels with a standard deviation of 1",
    model: "CNN",
    kind: "exploding",
    path: "conv1.forward",
    where: "outputs",
    run: () => {
      const model = cnn();
      scaleKernels(model);
      return nnx.diagnose(model, classify)(images, labels);
    },
  },
  {
    name: "NaN: the log of a probability that is 0",
    model: "CNN",
    kind: "nonFinite",
    path: "",
    where: "",
    run: () => {
      const loss = (m: Cnn, x: tf.Tensor4D) => tf.neg(tf.mean<tf.Scalar>(tf.log(nnx.relu(m.forward(x)))));
      return nnx.diagnose(cnn(), loss)(images);
    },
  },
  {
    name: "forgotten `eval()`",
    model: "CNN",
    kind: "mode",
    path: "",
    where: "modes",
    run: () => nnx.diagnose(cnn(), classify, { training: false })(images, labels),
  },
  {
    name: "one dropout that is on in an evaluation",
    model: "decoder",
    kind: "mode",
    path: "blocks.1.drop",
    where: "modes",
    run: () => {
      const model = decoder();
      model.eval();
      model.blocks[1]!.drop.deterministic = false;
      return nnx.diagnose(model, nextTokens, { training: false })(sequences(16));
    },
  },
  {
    name: "shared stream: each block is made with an Rngs of the same seed",
    model: "decoder",
    kind: "sharedStream",
    path: "blocks.1.drop.rngs",
    where: "streams",
    run: () => {
      const model = decoder();
      model.blocks.forEach((_, i) => {
        model.blocks[i] = new Block({ rngs: seeds() });
      });
      return nnx.diagnose(model, nextTokens, { optimizer: adamOf(model) })(sequences(16));
    },
  },
  {
    name: "learning rate 0.3 for Adam",
    model: "CNN",
    kind: "largeUpdates",
    path: "",
    where: "updates",
    run: () => {
      const model = cnn();
      return nnx.diagnose(model, classify, { optimizer: adamOf(model, 0.3) })(images, labels);
    },
  },
  {
    name: "learning rate 1e-7 for Adam",
    model: "decoder",
    kind: "smallUpdates",
    path: "",
    where: "updates",
    run: () => {
      const model = decoder();
      return nnx.diagnose(model, nextTokens, { optimizer: adamOf(model, 1e-7) })(sequences(16));
    },
  },
  {
    name: "input from 0 to 255",
    model: "digits",
    kind: "input",
    path: "input",
    where: "inputs",
    run: () => {
      const model = mlp();
      const { x, y } = digits();
      return nnx.diagnose(model, digitsLoss, { optimizer: adamOf(model) })(tf.mul(x, 255), y);
    },
  },
  {
    name: "frozen by mistake: the optimizer's `wrt` leaves a layer out",
    model: "CNN",
    kind: "frozen",
    path: "conv2",
    where: "updates",
    run: () => {
      const model = cnn();
      const wrt = nnx.allOf(nnx.Param, nnx.not(nnx.pathContains("conv2")));
      const optimizer = new nnx.Optimizer(model, nnx.adam(1e-3), { wrt });
      return nnx.diagnose(model, classify, { optimizer })(images, labels);
    },
  },
  {
    name: "frozen by mistake: a `stopGradient` behind a layer",
    model: "decoder",
    kind: "frozen",
    path: "embed",
    where: "gradients",
    run: () => {
      const model = decoder();
      const { embed } = model;
      const forward = embed.forward.bind(embed);
      embed.forward = <T extends tf.Tensor>(tokens: T) =>
        nnx.stopGradient(forward(tokens)) as nnx.EmbeddedOf<T>;
      return nnx.diagnose(model, nextTokens, { optimizer: adamOf(model) })(sequences(16));
    },
  },
  {
    name: "BatchNorm with momentum 0.999, after 100 steps",
    model: "CNN",
    kind: "statistics",
    path: "norm",
    where: "parameters",
    run: () => {
      const model = cnn(0.999);
      const optimizer = adamOf(model);
      trainCnn(model, optimizer, 100);
      return nnx.diagnose(model, classify, { optimizer })(images, labels);
    },
  },
];

const healthy: readonly (readonly [name: string, run: () => nnx.Diagnosis])[] = [
  [
    "the digits model before training",
    () => {
      const model = mlp();
      const { x, y } = digits();
      return nnx.diagnose(model, digitsLoss, { optimizer: adamOf(model) })(x, y);
    },
  ],
  [
    "the digits model after 100 steps",
    () => {
      const model = mlp();
      const { x, y } = digits();
      const optimizer = adamOf(model);
      train(model, () => nnx.valueAndGrad(digitsLoss)(model, x, y), optimizer, 100);
      return nnx.diagnose(model, digitsLoss, { optimizer })(x, y);
    },
  ],
  [
    "the digits model in an evaluation",
    () => {
      const model = mlp();
      const { x, y } = digits();
      model.eval();
      return nnx.diagnose(model, digitsLoss, { training: false })(x, y);
    },
  ],
  [
    "the CNN before training",
    () => {
      const model = cnn();
      return nnx.diagnose(model, classify, { optimizer: adamOf(model) })(images, labels);
    },
  ],
  [
    "the CNN after 100 steps",
    () => {
      const model = cnn();
      const optimizer = adamOf(model);
      trainCnn(model, optimizer, 100);
      return nnx.diagnose(model, classify, { optimizer })(images, labels);
    },
  ],
  [
    "the decoder before training",
    () => {
      const model = decoder();
      return nnx.diagnose(model, nextTokens, { optimizer: adamOf(model, 3e-3) })(sequences(16));
    },
  ],
  [
    "the decoder after 60 steps",
    () => {
      const model = decoder();
      const optimizer = adamOf(model, 3e-3);
      const tokens = sequences(16);
      train(model, () => nnx.valueAndGrad(nextTokens)(model, tokens), optimizer, 60);
      return nnx.diagnose(model, nextTokens, { optimizer })(tokens);
    },
  ],
  [
    "an autoencoder with sgd",
    () => {
      const model = new Autoencoder({ rngs: seeds() });
      const optimizer = new nnx.Optimizer(model, nnx.sgd(0.1), { wrt: nnx.Param });
      const x = tf.reshape<tf.Rank.R2>(images, [64, 64]);
      const loss = (m: Autoencoder, y: tf.Tensor2D) =>
        tf.mean<tf.Scalar>(tf.squaredDifference(m.forward(y), y));
      return nnx.diagnose(model, loss, { optimizer })(x);
    },
  ],
  [
    "a decoder whose last layer begins with zeros",
    () => {
      const model = decoder();
      model.out.kernel.value = tf.zerosLike(model.out.kernel.value);
      return nnx.diagnose(model, nextTokens, { optimizer: adamOf(model, 3e-3) })(sequences(16));
    },
  ],
];

const oneLine = ({ kind, path, where }: nnx.Flag): string => `${kind} at ${path.join(".")} (${where})`;

describe("a flag", () => {
  beforeAll(() => tf.setBackend("cpu"));

  const lines: string[] = [];

  it.each(faults)("names $name", ({ name, model, kind, path, where, run }) => {
    const { flags, rows } = run();
    const flag = flags.find(
      (each) => each.kind === kind && each.path.join(".") === path && each.where === where,
    );
    expect(flag, flags.map(oneLine).join("\n")).toBeDefined();
    expect(flag?.message).toMatch(/^[A-Z].*\.$/);
    expect(flag?.advice).toMatch(/^[A-Z].*\.$/);
    // A flag about a tensor stands in the tensor's row, too.
    const isOfRow = rows.some((row) => row.flags.includes(flag!));
    expect(isOfRow).toBe(kind === "dead" || kind === "exploding");
    lines.push(`| ${name} | ${model} | \`${kind}\` | \`${path || "(root)"}\` | ${flag?.message} |`);
  });

  it("is in the table of the docs", () => {
    const file = new URL("../../../../docs/see-inside.md", import.meta.url);
    const [begin, end] = ["<!-- faults -->", "<!-- end of faults -->"];
    const text = readFileSync(file, "utf8");
    const head = ["| fault | model | flag | where | what it says |", "| --- | --- | --- | --- | --- |"];
    const table = `${begin}\n\n${[...head, ...lines].join("\n")}\n\n${end}`;
    const now = text.slice(text.indexOf(begin), text.indexOf(end) + end.length);
    if (process.env.WRITE_DOCS) writeFileSync(file, text.replace(now, table));
    else expect(now).toBe(table);
  });

  it.each(healthy)("is not on %s", (_, run) => {
    const { flags, loss } = run();
    expect(flags.map((flag) => `${oneLine(flag)} ${flag.message}`)).toEqual([]);
    expect(loss).toBeGreaterThan(0);
  });
});
