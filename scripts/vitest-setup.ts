import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, expect } from "vitest";

// Mutes tfjs's "running in Node" banner. IS_TEST would do that too, but its leak check makes valid
// gradients throw.
tf.enableProdMode();
await tf.setBackend("cpu");

// Test files share a process. One that left a scope or a tape open would make tensors of all others
// leak, so it fails itself.
const { state } = tf.engine() as unknown as {
  state: { scopeStack: readonly object[]; gradientDepth: number; kernelDepth: number };
};
afterEach(() => {
  const { scopeStack, gradientDepth, kernelDepth } = state;
  expect({ scopes: scopeStack.length, gradientDepth, kernelDepth }).toEqual({
    scopes: 0,
    gradientDepth: 0,
    kernelDepth: 0,
  });
});
