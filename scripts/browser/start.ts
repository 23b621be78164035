/**
 * @file What is done once in a page: the backend of the run. Each test file evaluates `setup.ts` again, and this
 * only with the first.
 */
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-webgl";
import "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { propertySeed } from "../rounds.ts";
import { readWithoutWaiting } from "./reads.ts";
import { backend, useBackend } from "./use-backend.ts";
import { findWasm } from "./wasm-paths.ts";

tf.enableProdMode();
// A test on webgpu runs more than once, and has to draw the same.
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: propertySeed });
// Small tensors would be computed on the processor otherwise, and the tests would see nothing of the GPU.
tf.env().set("WEBGL_CPU_FORWARD", false);
tf.env().set("WEBGPU_CPU_FORWARD", false);
findWasm();
await useBackend();

/** What the GPU refused. A program that it refuses writes nothing, and nobody is told. */
export const refused: string[] = [];
if (tf.getBackend() === "webgpu") {
  readWithoutWaiting(tf.backend());
  const { device } = tf.backend() as unknown as { device: EventTarget };
  device.addEventListener("uncapturederror", (event) => {
    refused.push((event as Event & { error: Error }).error.message);
  });
}
if (tf.getBackend() !== backend) throw new Error(`Expected the backend ${backend}, got ${tf.getBackend()}.`);
