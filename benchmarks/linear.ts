/**
 * @file The cost of a dense layer compared with the bare product: node scripts/run.mjs
 * benchmarks/linear.ts
 *
 * `Linear.forward` against `tf.fused.matMul` with a bias, for one row through a small layer and a
 * batch through a large one, on cpu and on wasm. CPU time, in alternation, each call in its own
 * `tf.tidy`.
 */
import * as nnx from "@nnxjs/nnx";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { measure } from "./measure.ts";

/** rows, inputs, outputs; calls per round; rounds. */
const SIZES = [
  { rows: 1, inFeatures: 64, outFeatures: 64, calls: { cpu: 2000, wasm: 2000 }, rounds: 41 },
  { rows: 128, inFeatures: 784, outFeatures: 512, calls: { cpu: 1, wasm: 10 }, rounds: 15 },
] as const;

tf.enableProdMode();
for (const backend of ["cpu", "wasm"] as const) {
  await tf.setBackend(backend);
  for (const { rows, inFeatures, outFeatures, calls, rounds } of SIZES) {
    const layer = new nnx.Linear(inFeatures, outFeatures, { rngs: new nnx.Rngs(0) });
    const x = nnx.random.normal(nnx.random.key(1), [rows, inFeatures]) as tf.Tensor2D;
    const a = layer.kernel.value as tf.Tensor2D;
    const bias = layer.bias?.value;
    const repeat = (run: () => tf.Tensor) => (): void => {
      for (let i = 0; i < calls[backend]; i++) tf.tidy(() => void run());
    };
    const bare = {
      name: "bare",
      run: repeat(() => tf.fused.matMul({ a: x, b: a, ...(bias ? { bias } : {}) })),
    };
    const linear = { name: "Linear", run: repeat(() => layer.forward(x)) };
    const [ours, theirs] = measure([linear, bare], rounds).map(
      ({ nanoseconds }) => nanoseconds / calls[backend] / 1000,
    );
    console.log(
      `${backend}, ${rows} x ${inFeatures} -> ${outFeatures}: Linear.forward ${ours!.toFixed(1)} us, ` +
        `tf.fused.matMul ${theirs!.toFixed(1)} us, ratio ${(ours! / theirs!).toFixed(2)}`,
    );
    nnx.dispose([layer, x]);
  }
}
