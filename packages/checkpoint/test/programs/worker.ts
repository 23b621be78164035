/** @file A thread that gets a State, doubles it, and sends it back. */
import "@tensorflow/tfjs-backend-cpu";
import { parentPort } from "node:worker_threads";
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "@nnxjs/nnx";

tf.enableProdMode();
parentPort?.on("message", (message: nnx.StateMessage) => {
  const state = nnx.fromTransferable(message);
  const doubled = nnx.mapValues(
    (value: unknown) => (value instanceof tf.Tensor ? tf.mul(value, 2) : value),
    state,
  );
  void nnx.toTransferable(doubled, { consume: true }).then(({ message: answer, transfer }) => {
    parentPort?.postMessage({ answer, own: tf.memory().numTensors }, transfer);
    parentPort?.close();
  });
});
