/**
 * @file Trains for 60 steps, with a line for each, and leaves everything in a file. Arguments: the
 * backend, the seed, that file, and `stop <file>` to save after step 37 and go on until it is
 * killed, or `resume <file>` to begin from what was saved.
 */
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "@nnxjs/nnx";
import { file } from "../../src/node/index.ts";
import { prepare, step } from "../run.ts";

const [backend, seed, end, what, checkpoint] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];
tf.enableProdMode();
await tf.setBackend(backend);
const run = prepare(Number(seed), Number.POSITIVE_INFINITY);
if (what === "resume") await nnx.restore(run, file(checkpoint));

for (const batch of run.batches) {
  const values = tf.tidy(() => Object.values(step(run, batch)).map((value) => value.dataSync()[0]));
  const done = run.optimizer.step.value;
  console.log(`${done} ${values.join(" ")}`);
  if (what === "stop") {
    if (done === 37) await nnx.save(run, file(checkpoint));
    // Slowly: it is killed soon.
    else if (done > 37) await new Promise((resolve) => setTimeout(resolve, 10));
  } else if (done === 60) break;
}
await nnx.save(run, file(end));
