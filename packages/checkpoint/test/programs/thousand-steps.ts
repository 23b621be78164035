/**
 * @file Trains with all that a run has, and says five times what memory it takes, as JSON. Arguments:
 * the backend, a folder for checkpoints, and how many steps there are between two times, a multiple
 * of 4. Wants Node's `--expose-gc`.
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

const [backend, folder, between] = process.argv.slice(2) as [string, string, string];
const every = Number(between);
const steps = 5 * every;
tf.enableProdMode();
await tf.setBackend(backend);
const run = prepare(0, steps);
const stop = new AbortController();
const checkpointer = new nnx.Checkpointer(directory(folder), { maxToKeep: 2 });
try {
  await nnx.loop(run.batches, (batch) => step(run, batch), {
    signal: stop.signal,
    showEvery: every / 4,
    onProgress: async ({ step: done }) => {
      // The first one only loads what saving needs.
      if (done === every / 4 || done % (steps / 4) === 0) await checkpointer.save(done, run);
      if (done % every === 0) console.log(JSON.stringify(await memoryUse(done)));
      run.metrics.reset();
      if (done === steps) stop.abort();
    },
  });
} catch (error) {
  if (!stop.signal.aborted) throw error;
}
