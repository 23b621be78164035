/** @file Begins each test file in a browser: the backend of the run, and what a test may not leave. */
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect } from "vitest";
import { beginTest, endTest } from "../late-cleanups.ts";
import { refused } from "./start.ts";
import { useBackend } from "./use-backend.ts";

await useBackend();
beforeEach(beginTest);
afterEach(endTest);

const { state } = tf.engine() as unknown as {
  state: { scopeStack: readonly object[]; gradientDepth: number; kernelDepth: number };
};
afterEach(() => {
  expect(refused.splice(0), "what the GPU refused").toEqual([]);
  const { scopeStack, gradientDepth, kernelDepth } = state;
  expect({ scopes: scopeStack.length, gradientDepth, kernelDepth }).toEqual({
    scopes: 0,
    gradientDepth: 0,
    kernelDepth: 0,
  });
});
