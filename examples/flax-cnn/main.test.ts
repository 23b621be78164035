import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "@nnxjs/nnx";
import { afterAll, beforeAll, expect, it } from "vitest";
import { useBackend } from "../../scripts/use-backend.ts";
import { train } from "./train.ts";

beforeAll(() => useBackend("wasm"));
afterAll(() => useBackend("cpu"));

it("finds most of the held-out digits after one epoch, and leaves nothing but the run", async () => {
  const before = tf.memory().numTensors;
  const told: number[] = [];
  const run = await train(1, (_epoch, accuracy) => told.push(accuracy));
  expect(told).toHaveLength(1);
  expect(told[0]).toBeGreaterThan(0.85);
  nnx.dispose([run.model, run.optimizer]);
  expect(tf.memory().numTensors).toBe(before);
});
