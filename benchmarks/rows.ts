/**
 * @file Kernels of rows, of columns and of reductions, each by itself:
 *
 *     node scripts/run.mjs benchmarks/rows.ts [wasm|cpu]
 *
 * Our kernels, and the loops or tensorflow.js's kernels that they stand for. CPU time, in
 * alternation.
 */
import {
  broadcast,
  labelEntropyBackOf,
  labelEntropyOf,
  logSoftmaxBackOf,
  logSoftmaxOf,
  type NormAttrs,
  normalizeBackOf,
  normalizeOf,
  softmaxBackOf,
  useWasmKernels,
} from "@nnxjs/kernels/internal";
import { mendKernels } from "@nnxjs/kernels";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { measure } from "./measure.ts";

const CALLS = 20;
const norm = { epsilon: 1e-5, usesMean: true, isFast: true, byGroup: false, withMoments: true };
const ofRows: NormAttrs = { ...norm, outer: 512, rows: 1, groups: 1, size: 128 };
const ofColumns: NormAttrs = { ...norm, outer: 1, rows: 6272, groups: 16, size: 1 };

tf.enableProdMode();
for (const backend of ["wasm", "cpu"]) {
  if (process.argv[2] !== undefined && process.argv[2] !== backend) continue;
  await tf.setBackend(backend);
  mendKernels();
  const [x, dy]: [tf.Tensor2D, tf.Tensor2D] = [tf.randomNormal([512, 128]), tf.randomNormal([512, 128])];
  const y = tf.softmax(x);
  const [images, slopes] = [tf.randomNormal([8, 28, 28, 16]), tf.randomNormal([8, 28, 28, 16])];
  const [scale, channel, number] = [tf.ones([128]), tf.ones([16]), tf.scalar(2)];
  const [ids, losses] = [tf.zeros([512], "int32"), tf.ones([512])];
  const cases: Readonly<Record<string, () => void>> = {
    softmax: () => tf.softmax(x),
    "softmax, gradient": () => softmaxBackOf(y, dy, 128),
    logSoftmax: () => logSoftmaxOf(x, 128),
    "logSoftmax, gradient": () => logSoftmaxBackOf(y, dy, 128),
    "cross entropy": () => labelEntropyOf(x, ids),
    "cross entropy, gradient": () => labelEntropyBackOf(x, ids, losses),
    LayerNorm: () => normalizeOf(x, scale, scale, ofRows),
    "LayerNorm, gradient": () => normalizeBackOf(x, dy, scale, ofRows),
    BatchNorm: () => normalizeOf(images, channel, channel, ofColumns),
    "BatchNorm, gradient": () => normalizeBackOf(images, slopes, channel, ofColumns),
    "sum of rows": () => tf.sum(images, -1),
    "sum of columns": () => tf.sum(images, [0, 1, 2]),
    "sum in between": () => tf.sum(images, [1, 2]),
    "max of columns": () => tf.max(images, [0, 1, 2]),
    "argMax of columns": () => tf.argMax(x, 0),
    broadcast: () => broadcast(number, [512, 128]),
  };
  for (const [name, run] of Object.entries(cases)) {
    const [ours, other] = measure(
      [true, false].map((on) => ({
        name,
        run: () => {
          useWasmKernels(on);
          for (let i = 0; i < CALLS; i++)
            tf.tidy(() => {
              run();
            });
        },
      })),
      15,
    ).map(({ nanoseconds }) => nanoseconds / CALLS / 1000);
    console.log(
      `${backend} ${name}: ${ours!.toFixed(1)} us, without WebAssembly ${other!.toFixed(1)} (${(other! / ours!).toFixed(1)} times)`,
    );
  }
  useWasmKernels(true);
}
