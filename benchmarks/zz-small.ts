import { mendKernels } from "@nnxjs/kernels";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
tf.enableProdMode();
await tf.setBackend(process.argv[2] ?? "wasm");
const stock = tf.getKernel(tf.BatchMatMul, tf.getBackend()).kernelFunc;
mendKernels();
const ours = tf.getKernel(tf.BatchMatMul, tf.getBackend()).kernelFunc;
const [m, k, n] = (process.argv[3] ?? "4,4,4").split(",").map(Number);
const a = tf.randomUniform([1, m, k]),
  b = tf.randomUniform([1, k, n]);
const attrs = { transposeA: false, transposeB: false };
const N = Number(process.argv[4] ?? 20000);
for (let r = 0; r < 7; r++) {
  for (const [name, f] of [
    ["ours", ours],
    ...(process.argv[5] ? [] : [["stock", stock] as const]),
  ] as const) {
    const t = process.cpuUsage();
    for (let i = 0; i < N; i++) {
      const y = f({ inputs: { a, b }, attrs, backend: tf.backend() }) as tf.TensorInfo;
      tf.backend().disposeData(y.dataId);
    }
    const { user, system } = process.cpuUsage(t);
    if (r > 3) console.log(name, ((user + system) / N).toFixed(2), "us");
  }
}
