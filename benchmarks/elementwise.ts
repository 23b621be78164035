/**
 * @file Element-wise kernels beside tensorflow.js's own: node scripts/run.mjs benchmarks/elementwise.ts
 *
 * Nanoseconds for each element of [2048, 64], by CPU time, in alternation. `node … elementwise.ts
 * tanh` measures the ops whose names hold `tanh`.
 */
import { mendKernels } from "@nnxjs/kernels";
import { useWasmKernels } from "@nnxjs/kernels/internal";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { measure } from "./measure.ts";

const SHAPE = [2048, 64] as const;
const CALLS = 3;

tf.enableProdMode();
for (const backend of ["wasm", "cpu"] as const) {
  await tf.setBackend(backend);
  mendKernels();
  const x = tf.randomNormal([...SHAPE]);
  const y = tf.randomNormal([...SHAPE]);
  const [row, column] = [tf.randomNormal([SHAPE[1]]), tf.randomNormal([SHAPE[0], 1])];
  const positive = tf.abs(x);
  const condition = tf.greater(x, 0);
  const ops: Readonly<Record<string, () => tf.Tensor>> = {
    add: () => tf.add(x, y),
    "add a row": () => tf.add(x, row),
    "mul by a column": () => tf.mul(x, column),
    maximum: () => tf.maximum(x, y),
    square: () => tf.square(x),
    pow: () => tf.pow(positive, y),
    "pow 2": () => tf.pow(x, 2),
    greater: () => tf.greater(x, y),
    where: () => tf.where(condition, x, y),
    relu: () => tf.relu(x),
    leakyRelu: () => tf.leakyRelu(x),
    rsqrt: () => tf.rsqrt(positive),
    exp: () => tf.exp(x),
    expm1: () => tf.expm1(x),
    log: () => tf.log(positive),
    log1p: () => tf.log1p(positive),
    tanh: () => tf.tanh(x),
    sigmoid: () => tf.sigmoid(x),
    softplus: () => tf.softplus(x),
    erf: () => tf.erf(x),
    elu: () => tf.elu(x),
    selu: () => tf.selu(x),
  };
  for (const [name, op] of Object.entries(ops)) {
    if (!name.includes(process.argv[2] ?? "")) continue;
    const run = (on: boolean) => (): void => {
      useWasmKernels(on);
      for (let i = 0; i < CALLS; i++) op().dispose();
    };
    const results = measure(
      [
        { name: "ours", run: run(true) },
        { name: "stock", run: run(false) },
      ],
      9,
    );
    const [ours, stock] = results.map(({ nanoseconds }) => nanoseconds / CALLS / x.size);
    console.log(
      `${backend} ${name}: ${ours!.toFixed(2)} ns, stock ${stock!.toFixed(2)} ns, ${(stock! / ours!).toFixed(1)} times`,
    );
  }
}
