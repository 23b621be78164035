/**
 * @file The cost of sampling beyond the passes themselves: 100 samples of the digits classifier for
 * 1,000 images, compared with 100 plain (deterministic) passes. CPU time, in alternation: `node
 * scripts/run.mjs benchmarks/sampling.ts [cpu|wasm]`, both by default. Then it prints the memory of
 * both ways to keep results.
 */
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { Mlp } from "../examples/digits/model.ts";
import { measure } from "./measure.ts";

const SAMPLES = 100;
const IMAGES = 1000;
/** Plain passes as a program would write them: it reads the logits after each pass. */
function plainPasses(model: Mlp, x: tf.Tensor2D): void {
  for (let i = 0; i < SAMPLES; i++) {
    const y = tf.tidy(() => model.forward(x));
    y.dataSync();
    y.dispose();
  }
}

async function run(backend: string): Promise<void> {
  await tf.setBackend(backend);
  const model = new Mlp(0.25, { rngs: new nnx.Rngs(0) });
  const x = nnx.random.uniform(nnx.random.key(0), [IMAGES, 64]) as tf.Tensor2D;
  const key = nnx.random.key(1);
  model.eval();
  const results = measure(
    [
      { name: "plain passes", run: () => plainPasses(model, x) },
      { name: "all samples, values", run: () => void nnx.sample(model, x, SAMPLES, { key }) },
      {
        name: "all samples, softmax",
        run: () => void nnx.sample(model, x, SAMPLES, { key, outputs: "logits" }),
      },
      {
        name: "moments, softmax",
        run: () => void nnx.sample(model, x, SAMPLES, { key, outputs: "logits", keep: "moments" }),
      },
      {
        name: "batches of 100 images, softmax",
        run: () => void nnx.sample(model, x, SAMPLES, { key, outputs: "logits", batchSize: 100 }),
      },
    ],
    backend === "cpu" ? 3 : 15,
  );
  const plain = results[0]?.nanoseconds ?? Number.NaN;
  for (const { name, nanoseconds } of results) {
    const milliseconds = (nanoseconds / 1e6).toFixed(0).padStart(6);
    console.log(
      `${backend.padEnd(5)}${name.padEnd(32)}${milliseconds} ms for ${SAMPLES}, ratio ${(nanoseconds / plain).toFixed(2)}`,
    );
  }
  nnx.dispose([model, x]);
}

function memory(): void {
  const model = new Mlp(0.25, { rngs: new nnx.Rngs(0) });
  const x = nnx.random.uniform(nnx.random.key(0), [IMAGES, 64]) as tf.Tensor2D;
  for (const keep of ["samples", "moments"] as const) {
    for (const n of [10, 100]) {
      const options = { key: nnx.random.key(1), outputs: "logits" } as const;
      const kept =
        keep === "moments" ? nnx.sample(model, x, n, { ...options, keep }) : nnx.sample(model, x, n, options);
      const bytes = Object.values(kept).reduce<number>((sum, part: unknown) => sum + bytesOf(part), 0);
      console.log(
        `${keep.padEnd(9)}${String(n).padStart(4)} passes keep ${(bytes / 1024).toFixed(0).padStart(6)} KiB`,
      );
    }
  }
  nnx.dispose([model, x]);
}

function bytesOf(part: unknown): number {
  if (ArrayBuffer.isView(part)) return part.byteLength;
  if (typeof part !== "object" || part === null || !("data" in part)) return 0;
  return bytesOf(part.data);
}

tf.enableProdMode();
const [backend] = process.argv.slice(2);
for (const name of backend ? [backend] : ["cpu", "wasm"]) await run(name);
memory();
