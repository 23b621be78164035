import "@tensorflow/tfjs-backend-cpu";
import * as nnx from "@nnxjs/nnx";
import { checkModel, checkRngDeterminism } from "@nnxjs/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { Classifier } from "./model.ts";
import { train } from "./train.ts";

const make = (rngs: nnx.Rngs) => new Classifier({ rngs });
const inputs = (key: nnx.PRNGKey, batch: number) => nnx.random.normal(key, [batch, 2]);
const options = { inputs, streams: ["dropout"], numRuns: 2 };

it("draws what its seed says, and nothing else", () =>
  checkRngDeterminism(make, (model, x) => model.forward(x as tf.Tensor2D), options));

it("holds to all laws", () => checkModel(make, (model, x) => model.forward(x as tf.Tensor2D), options));

it("gives finite scores for any point", () => {
  const model = make(new nnx.Rngs(0));
  model.eval();
  const coordinate = fc.float({ noNaN: true, min: Math.fround(-1e6), max: Math.fround(1e6) });
  fc.assert(
    fc.property(coordinate, coordinate, (x, y) => {
      const scores = tf.tidy(() => model.forward(tf.tensor2d([[x, y]])).dataSync());
      return scores.every(Number.isFinite);
    }),
    { numRuns: 30 },
  );
});

it("learns", async () => {
  const { model, losses, accuracy } = await train(6);
  expect(losses.at(-1)).toBeLessThan(0.5);
  expect(accuracy).toBeGreaterThan(0.8);
  nnx.dispose(model);
});
