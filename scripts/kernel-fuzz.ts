/** @file Fuzzes the kernels: node scripts/run.mjs scripts/kernel-fuzz.ts SEED COUNT [NAME]. */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { allCases } from "./kernel-fuzz/all-cases.ts";
import { Random } from "./kernel-fuzz/random.ts";
import { type Fault, runCases } from "./kernel-fuzz/run.ts";

tf.enableProdMode();
await tf.setBackend("cpu");
const [seed = "1", count = "500", only] = process.argv.slice(2);
const random = new Random(Number(seed));
const makers = allCases.filter((make) => !only || new RegExp(only).test(make.name));
const cases = Array.from({ length: Number(count) }, (_, i) => makers[i % makers.length]!(random));
const faults: Fault[] = [];
for (let from = 0; from < cases.length; from += 500)
  faults.push(...(await runCases(cases.slice(from, from + 500))));
const shown = new Map<string, number>();
for (const { name, way, what, note } of faults) {
  const key = `${name} ${way}`;
  shown.set(key, (shown.get(key) ?? 0) + 1);
  if (shown.get(key)! <= 3) console.log(`${key}: ${what}\n    ${note}`.slice(0, 600));
}
console.log(`${cases.length} cases, ${faults.length} faults`, Object.fromEntries(shown));
