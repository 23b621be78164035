import "@tensorflow/tfjs-backend-cpu";
import { Linear } from "@nnxjs/layers";
import { random, type Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { checkGradients, checkNoLeaks, checkVmap } from "../index.ts";

// Tensors of the others are of models and States, which are freed when nothing reaches them.
it.each([
  ["checkGradients", checkGradients],
  ["checkVmap", checkVmap],
  ["checkNoLeaks", checkNoLeaks],
] as const)("%s leaves no tensor", async (_name, check) => {
  const before = tf.memory().numTensors;
  await check(
    (rngs: Rngs) => new Linear(3, 2, { rngs }),
    (linear, x) => linear.forward(x),
    { inputs: (key, batch) => random.normal(key, [batch, 3]), numRuns: 3, seed: 0 },
  );
  expect(tf.memory().numTensors).toBe(before);
});
