/** @file No false alarm: models of the examples, and models that are made from others, hold to every law. */
import "@tensorflow/tfjs-backend-cpu";
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { Mlp as DigitsMlp } from "../../../../examples/digits/model.ts";
import { PIXELS } from "../../../../examples/digits/images.ts";
import { Mlp as MoonsMlp } from "../../../../examples/two-moons/model.ts";
import { checkCheckpoint, checkModel, checkNoLeaks, type ModelOptions } from "../index.ts";

const numRuns = Number(process.env.NNXJS_LAW_RUNS ?? 1);
/** Other models each time where many are tried; the same where one is. */
const seeds = numRuns > 1 ? {} : { seed: 1 };

const inputs =
  (width: number) =>
  (key: nnx.PRNGKey, batch: number): tf.Tensor =>
    nnx.random.normal(key, [batch, width]);

class Small extends nnx.Module {
  readonly first: nnx.Linear;
  readonly second: nnx.Linear;
  constructor(rngs: nnx.Rngs) {
    super();
    this.first = new nnx.Linear(3, 4, { rngs });
    this.second = new nnx.Linear(4, 2, { rngs });
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.second.forward(nnx.gelu(this.first.forward(x)));
  }
}

type Model = nnx.Module & { forward(x: tf.Tensor2D): tf.Tensor };
/** A model that is made from another one, which is copied. */
function from<M>(rngs: nnx.Rngs, change: (plain: Small) => M): M {
  const plain = new Small(rngs);
  const made = change(plain);
  nnx.dispose(plain);
  return made;
}

const cases: [name: string, make: (rngs: nnx.Rngs) => Model, width: number, options: ModelOptions][] = [
  ["the classifier of digits", (rngs) => new DigitsMlp(0.25, { rngs }), PIXELS, { streams: ["dropconnect"] }],
  ["the classifier of two moons", (rngs) => new MoonsMlp({ rngs }), 2, { streams: [] }],
  [
    "a model with dropout",
    (rngs) => from(rngs, (plain) => nnx.dropout(plain, 0.5, { rngs })),
    3,
    { streams: ["dropout"] },
  ],
  ["a model with DropConnect", (rngs) => from(rngs, (plain) => nnx.dropconnect(plain, 0.5, { rngs })), 3, {}],
  // The members of an ensemble come first.
  ["an ensemble", (rngs) => from(rngs, (plain) => nnx.ensemble(plain, 3, { rngs })), 3, { batch: null }],
  [
    "a batch ensemble",
    (rngs) => from(rngs, (plain) => nnx.batchEnsemble(plain, 2, { rngs })),
    3,
    { batch: null },
  ],
];

it.each(cases)(
  "the laws hold for %s",
  async (_name, make, width, options) => {
    const forward = (model: Model, x?: tf.Tensor): tf.Tensor => model.forward(x as tf.Tensor2D);
    await checkModel(make, forward, { inputs: inputs(width), numRuns, ...seeds, ...options });
  },
  3_600_000,
);

it.each([
  ["adam", () => nnx.adam(1e-2)],
  ["lion after clipping", () => nnx.chain(nnx.clipByGlobalNorm(1), nnx.lion(1e-3))],
] as const)("a step of training with %s leaves nothing, and goes on from a checkpoint", async (_name, tx) => {
  const make = (rngs: nnx.Rngs) => {
    const model = from(rngs, (plain) => nnx.dropout(plain, 0.5, { rngs }));
    return { model, optimizer: new nnx.Optimizer(model, tx()) };
  };
  const step = ({ model, optimizer }: ReturnType<typeof make>, x?: tf.Tensor): void => {
    const gradients = nnx.grad((m: Model) => tf.mean(m.forward(x as tf.Tensor2D)))(model);
    optimizer.update(model, gradients);
    nnx.dispose(gradients);
  };
  await checkNoLeaks(make, step, { inputs: inputs(3), numRuns });
  await checkCheckpoint(make, step, { inputs: inputs(3), numRuns });
  expect.assertions(0);
});
