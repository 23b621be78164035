/** @file The worker of `worker.test.ts`: what examples/worker does, on the backend that its name says. */
import "@tensorflow/tfjs-backend-webgl";
import "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import type { Message } from "../../examples/worker/src/messages.ts";
import { obey } from "../../examples/worker/src/train.ts";
import { findWasm } from "./wasm-paths.ts";

const self = globalThis as unknown as {
  readonly name: string;
  postMessage(message: Message, transfer: ArrayBuffer[]): void;
};

async function start(): Promise<void> {
  tf.env().set("WEBGL_CPU_FORWARD", false);
  tf.env().set("WEBGPU_CPU_FORWARD", false);
  findWasm();
  if (!(await tf.setBackend(self.name))) throw new Error(`There is no backend ${self.name} in a worker.`);
}

const started = start();
// What is sent before this is lost.
globalThis.addEventListener("message", ({ data }: MessageEvent<Message>) => {
  const post = (message: Message, transfer: ArrayBuffer[] = []): void => self.postMessage(message, transfer);
  started.then(
    () => obey(data, post),
    (error: Error) => post({ kind: "failed", message: error.message }),
  );
});
