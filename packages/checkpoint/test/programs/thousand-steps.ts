/**
 * @file Trains for 1,000 steps with all that a run has, and says every 200 steps what memory it
 * takes, as JSON. Arguments: the backend and a folder for checkpoints. Wants Node's
 * `--expose-gc`.
 */
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { setTimeout } from "node:timers/promises";
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "@nnxjs/nnx";
import { directory } from "../../src/node/index.ts";
import type { MemoryUse } from "../memory-use.ts";
import { prepare, step } from "../run.ts";

/** What Emscripten gives, and tensorflow.js's types leave out. */
interface Heap {
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/** Nothing in the heap leaves a hole this large, so that it begins above all that is in use. */
const PROBE = 2 ** 20;

async function memoryUse(step: number): Promise<MemoryUse> {
  // What the first collection lets go of may hold more; finalizers run in between.
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.();
    await setTimeout(1);
  }
  const { numTensors, numBytes } = tf.memory();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  const { wasm } = tf.backend() as { readonly wasm?: Heap };
  const probe = wasm?._malloc(PROBE) ?? 0;
  wasm?._free(probe);
  return {
    step,
    tensors: numTensors,
    bytes: numBytes,
    wasmHeap: wasm?.HEAPU8.buffer.byteLength ?? 0,
    wasmTop: probe,
    heap: heapUsed,
    buffers: arrayBuffers,
  };
}

const [backend, folder] = process.argv.slice(2) as [string, string];
tf.enableProdMode();
await tf.setBackend(backend);
const run = prepare(0, 1000);
const stop = new AbortController();
const checkpointer = new nnx.Checkpointer(directory(folder), { maxToKeep: 2 });
try {
  await nnx.loop(run.batches, (batch) => step(run, batch), {
    signal: stop.signal,
    showEvery: 50,
    onProgress: async ({ step: done }) => {
      // The first one only loads what saving needs.
      if (done === 50 || done % 250 === 0) await checkpointer.save(done, run);
      if (done % 200 === 0) console.log(JSON.stringify(await memoryUse(done)));
      run.metrics.reset();
      if (done === 1000) stop.abort();
    },
  });
} catch (error) {
  if (!stop.signal.aborted) throw error;
}
