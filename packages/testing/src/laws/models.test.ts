/** @file No false alarm: models of the examples, and models that are made from others, hold to every law. */
import "@tensorflow/tfjs-backend-cpu";
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { from, inputsOf, type Model, modelCases } from "../../test/law-cases.ts";
import { checkCheckpoint, checkNoLeaks, checkRngDeterminism } from "../index.ts";

it.each(modelCases)("the laws hold for $name", ({ check }) => check({ numRuns: 1, seed: 1 }));

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
  await checkNoLeaks(make, step, { inputs: inputsOf(3), numRuns: 1 });
  await checkCheckpoint(make, step, { inputs: inputsOf(3), numRuns: 1 });
  expect.assertions(0);
});

it("takes a model of several inputs, and says how where an object comes", async () => {
  const parts = (key: nnx.PRNGKey, batch: number) => ({
    a: nnx.random.normal(key, [batch, 2]),
    b: nnx.random.randint(key, [batch], 0, 3),
  });
  const make = (rngs: nnx.Rngs) => [new nnx.Embed(3, 2, { rngs }), new nnx.Linear(2, 2, { rngs })] as const;
  const forward = ([embed, linear]: ReturnType<typeof make>, a: tf.Tensor, b: tf.Tensor) =>
    linear.forward(tf.add(a, embed.forward(b)));
  await checkRngDeterminism(make, (model, a, b) => forward(model, a, b), {
    inputs: (key, batch) => Object.values(parts(key, batch)),
    streams: [],
    numRuns: 1,
  });
  for (const [inputs, got] of [
    [parts, "an object with keys {a, b}"],
    [() => [[1, 2]], "an array of length 1"],
    [() => 5, "5"],
  ] as const)
    await expect(checkRngDeterminism(make, () => undefined, { inputs: inputs as never })).rejects.toThrow(
      `checkRngDeterminism: expected inputs to return a tensor or a list of tensors, got ${got}. ` +
        "Return [a, b], and put them together in the call: (model, a, b) => model.forward({ a, b }).",
    );
});

it("names what is to do where a model draws from what is not declared", async () => {
  const inputs = inputsOf(3);
  const check = (make: (rngs: nnx.Rngs) => nnx.Dropout, streams: string[]) =>
    checkRngDeterminism(make, (model, x) => model.forward(x), { inputs, streams, numRuns: 1 });
  await expect(check((rngs) => new nnx.Dropout(0.5, { rngs }), [])).rejects.toThrow(
    'such as "dropout", or "carry" for the first carry of an RNN: add its name there',
  );
  await check((rngs) => new nnx.Dropout(0.5, { rngs }), ["dropout"]);
  await expect(check(() => new nnx.Dropout(0.5, { rngs: new nnx.Rngs(0) }), ["dropout"])).rejects.toThrow(
    "Or the model makes Rngs of its own: use those that it is given.",
  );
  await expect(check(() => new nnx.Dropout(0.5, { rngs: new nnx.Rngs({ dropout: 0 }) }), [])).rejects.toThrow(
    'If the model is meant to draw from it, add "dropout" to the option streams.',
  );
});

it("says what inputs are when they are none", async () => {
  await expect(
    checkNoLeaks(
      () => new nnx.Dropout(0),
      () => undefined,
      { inputs: tf.ones([2]) as never },
    ),
  ).rejects.toThrow(
    "checkNoLeaks: expected inputs to be a function of a key and a number of rows, got a float32[2].",
  );
});
