/**
 * @file What a step of Adam costs: node scripts/run.mjs benchmarks/adam.ts
 *
 * `Optimizer.update` for 536 thousand parameters, with the kernels and without them, beside
 * tensorflow.js's own Adam. CPU time, in alternation.
 */
import { useWasmKernels } from "@nnxjs/kernels/internal";
import * as nnx from "@nnxjs/nnx";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { measure } from "./measure.ts";

const WIDTHS = [784, 512, 256, 10];
const CALLS = 5;

tf.enableProdMode();
for (const backend of ["wasm", "cpu"] as const) {
  await tf.setBackend(backend);
  for (const [rule, tx] of [
    ["adam", nnx.adam(1e-3)],
    ["adamw", nnx.adamw(1e-3)],
  ] as const) {
    const layers = WIDTHS.slice(1).map(
      (out, i) => new nnx.Linear(WIDTHS[i]!, out, { rngs: new nnx.Rngs(i) }),
    );
    const optimizer = new nnx.Optimizer(layers, tx, { wrt: nnx.Param });
    const state = nnx.state(layers, nnx.Param);
    const gradients = state;
    const steps = (on: boolean) => (): void => {
      useWasmKernels(on);
      for (let i = 0; i < CALLS; i++) optimizer.update(layers, gradients);
    };
    const results = measure(
      [
        { name: "kernel", run: steps(true) },
        { name: "loop", run: steps(false) },
      ],
      15,
    );
    useWasmKernels(true);
    console.log(
      `${backend} ${rule}: ` +
        results
          .map(({ name, nanoseconds }) => `${name} ${(nanoseconds / CALLS / 1e6).toFixed(2)} ms`)
          .join(", "),
    );
    nnx.dispose([layers, optimizer, state]);
  }
}
