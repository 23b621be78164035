/**
 * @file Matrix products beside tensorflow.js's own: node scripts/run.mjs benchmarks/products.ts
 *
 * The kernels of `@nnxjs/kernels` (with relaxed SIMD, too, where Node has it: node scripts/run.mjs
 * --experimental-wasm-relaxed-simd benchmarks/products.ts), tensorflow.js's own kernel for the same
 * call, and (on wasm) its plain product of the same size without transposes, which is XNNPACK's. CPU
 * time, in alternation.
 */
import { mendKernels, useRelaxedSimd } from "@nnxjs/kernels";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { type Contestant, measure } from "./measure.ts";

/** batch, rows, inner, columns. */
const SIZES = [
  [1, 512, 512, 512],
  [1, 256, 256, 256],
  [1, 128, 784, 512],
  [1, 784, 128, 512],
  [1, 128, 512, 256],
  [1, 128, 256, 10],
  [1, 1, 784, 512],
  [1, 8, 64, 64],
  [1, 4, 4, 4],
  [32, 64, 32, 64],
  [32, 64, 64, 32],
  [1, 512, 128, 512],
] as const;

const ORDERS = [
  { name: "NN", transposeA: false, transposeB: false },
  { name: "TN", transposeA: true, transposeB: false },
  { name: "NT", transposeA: false, transposeB: true },
  { name: "TT", transposeA: true, transposeB: true },
] as const;

const only = process.argv[2];
const hasRelaxed = useRelaxedSimd(false);
/** The same with relaxed SIMD. */
const relaxed = (contestant: Contestant): Contestant => ({
  name: contestant.name,
  run(): void {
    useRelaxedSimd(true);
    contestant.run();
    useRelaxedSimd(false);
  },
});
tf.enableProdMode();
// Before they are replaced, on both backends at once.
const stocks = {
  wasm: tf.getKernel(tf.BatchMatMul, "wasm").kernelFunc,
  cpu: tf.getKernel(tf.BatchMatMul, "cpu").kernelFunc,
};
for (const backend of ["wasm", "cpu"] as const) {
  if (only !== undefined && only !== backend) continue;
  await tf.setBackend(backend);
  const stock = stocks[backend];
  mendKernels();
  const ours = tf.getKernel(tf.BatchMatMul, backend).kernelFunc;
  for (const [batch, m, k, n] of SIZES) {
    const operations = 2 * batch * m * k * n;
    // About 5 ms a round at 20 GFLOP/s, and at tensorflow.js's slowest not more than a second.
    const calls = Math.max(1, Math.min(2000, Math.round(1e8 / (operations + 1e5))));
    const plainA = tf.randomUniform([1, batch * m, k]);
    const plainB = tf.randomUniform([1, k, n]);
    for (const { name, ...attrs } of ORDERS) {
      const a = tf.randomUniform(attrs.transposeA ? [batch, k, m] : [batch, m, k]);
      const b = tf.randomUniform(attrs.transposeB ? [batch, n, k] : [batch, k, n]);
      const contestant = (
        title: string,
        kernel: tf.KernelFunc,
        x: tf.Tensor,
        y: tf.Tensor,
        more: object,
        times: number,
      ) => ({
        name: title,
        run: (): void => {
          for (let i = 0; i < times; i++) {
            const result = kernel({
              inputs: { a: x, b: y },
              attrs: { transposeA: false, transposeB: false, ...more },
              backend: tf.backend(),
            }) as tf.TensorInfo;
            tf.backend().disposeData(result.dataId);
          }
        },
      });
      const isSlow = backend === "cpu" || name !== "NN" || batch > 1;
      const slowCalls = isSlow ? Math.max(1, Math.round(calls / 20)) : calls;
      const results = measure(
        [
          contestant("ours", ours, a, b, attrs, calls),
          contestant("stock", stock, a, b, attrs, slowCalls),
          ...(hasRelaxed ? [relaxed(contestant("relaxed", ours, a, b, attrs, calls))] : []),
          ...(backend === "wasm" ? [contestant("plain", stock, plainA, plainB, {}, calls)] : []),
        ],
        operations > 1e7 && backend === "cpu" ? 5 : 9,
      );
      const timeOf = (title: string): number | undefined => {
        const result = results.find((each) => each.name === title);
        return result && result.nanoseconds / (title === "stock" ? slowCalls : calls);
      };
      const [own, theirs, plain, fused] = ["ours", "stock", "plain", "relaxed"].map(timeOf);
      const speed = (time: number): string => (operations / time).toFixed(2).padStart(6);
      console.log(
        `${backend} ${batch} x ${m}x${k}x${n} ${name}: ${speed(own!)} GFLOP/s (${(own! / 1000).toFixed(1)} us), ` +
          `stock ${speed(theirs!)}` +
          (fused === undefined ? "" : `, relaxed ${speed(fused)}`) +
          (plain === undefined
            ? ""
            : `, plain stock ${speed(plain)}, ours/plain ${(plain / own!).toFixed(2)}`),
      );
      tf.dispose([a, b]);
    }
    tf.dispose([plainA, plainB]);
  }
}
