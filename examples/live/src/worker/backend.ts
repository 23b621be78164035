/** @file Chooses where tensors are computed: wasm, or cpu where the browser has no WebAssembly. */
import "@tensorflow/tfjs-backend-cpu";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threads from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";
import plain from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import * as tf from "@tensorflow/tfjs-core";

/** @returns the name of the backend */
export async function startBackend(): Promise<string> {
  tf.enableProdMode();
  setWasmPaths({
    "tfjs-backend-wasm.wasm": plain,
    "tfjs-backend-wasm-simd.wasm": simd,
    "tfjs-backend-wasm-threaded-simd.wasm": threads,
  });
  const isThere = await tf.setBackend("wasm").catch(() => false);
  if (!isThere) await tf.setBackend("cpu");
  await tf.ready();
  return tf.getBackend();
}
