/**
 * @file Writes golden/exchange-from-nnxjs-<name>.safetensors: runs of 20 steps that exchange.py continues
 * in Flax. `node scripts/run.mjs conformance/exchange-write.ts`
 */
import * as nnx from "@nnxjs/nnx";
import "@tensorflow/tfjs-backend-cpu";
import { file } from "@nnxjs/checkpoint/node";
import { makeRun, runNames, train } from "../packages/checkpoint/test/exchange-runs.ts";

for (const name of runNames) {
  const run = makeRun(name, 3);
  train(name, run, 0, 20);
  await nnx.save(run, file(new URL(`golden/exchange-from-nnxjs-${name}.safetensors`, import.meta.url)));
}
