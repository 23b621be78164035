/** @file Begins each test file in a browser: the backend of the run, and what a test may not leave. */
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-webgl";
import "@tensorflow/tfjs-backend-webgpu";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, expect } from "vitest";
import { readWithoutWaiting } from "./reads.ts";
import { backend, useBackend } from "./use-backend.ts";

tf.enableProdMode();
// Small tensors would be computed on the processor otherwise, and the tests would see nothing of the GPU.
tf.env().set("WEBGL_CPU_FORWARD", false);
tf.env().set("WEBGPU_CPU_FORWARD", false);
setWasmPaths(new URL("../../node_modules/@tensorflow/tfjs-backend-wasm/dist/", import.meta.url).href);
await useBackend();
if (tf.getBackend() !== backend) throw new Error(`Expected the backend ${backend}, got ${tf.getBackend()}.`);
if (backend === "webgpu") readWithoutWaiting(tf.backend());

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
