/** @file No false alarm: models of the examples, and models that are made from others, hold to every law. */
import "@tensorflow/tfjs-backend-cpu";
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { from, inputsOf, type Model, modelCases } from "../../test/law-cases.ts";
import { checkCheckpoint, checkNoLeaks } from "../index.ts";

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
