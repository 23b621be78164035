/**
 * @file Holds every layer, and models of the examples, to the laws of @nnxjs/testing: 1,000 models of each
 * unless `--runs` says otherwise. That takes hours, so it goes on where it was: each line of the file
 * `--out` is what one kind of models did from one seed, and is not done again.
 *
 * npm run test:laws -- --runs 1000 --minutes 8 --backend wasm --from 0 --only Linear
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { layerCases, modelCases } from "../packages/testing/test/law-cases.ts";

/** Models of one kind from one seed. A line of the file has so many. */
const AT_ONCE = 10;

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "1000" },
    from: { type: "string", default: "0" },
    minutes: { type: "string", default: "Infinity" },
    backend: { type: "string", default: "cpu" },
    only: { type: "string", default: "" },
    out: { type: "string", default: "node_modules/.cache/laws.jsonl" },
  },
});
const { backend, out } = values;

interface Line {
  readonly backend: string;
  readonly name: string;
  /** The seed that the models are drawn from, as the option of the checks. */
  readonly seed: number;
  readonly models: number;
  /** The error, if a law did not hold. */
  readonly alarm?: string;
}

const lines = (): Line[] =>
  existsSync(out)
    ? readFileSync(out, "utf8")
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Line)
    : [];

tf.enableProdMode();
await tf.setBackend(backend);
await tf.ready();
mkdirSync(dirname(out), { recursive: true });
const done = new Set(lines().map((line) => `${line.backend} ${line.name} ${line.seed}`));
const cases = [...layerCases, ...modelCases].filter(({ name }) => name.includes(values.only));
const end = performance.now() + 60_000 * Number(values.minutes);
const first = Math.floor(Number(values.from) / AT_ONCE);
const last = Math.ceil(Number(values.runs) / AT_ONCE);
sweep: for (let seed = first; seed < last; seed++)
  for (const { name, check } of cases) {
    if (performance.now() > end) break sweep;
    if (done.has(`${backend} ${name} ${seed}`)) continue;
    const alarm = await check({ numRuns: AT_ONCE, seed }).then(() => undefined, String);
    const line: Line = { backend, name, seed, models: AT_ONCE, ...(alarm === undefined ? {} : { alarm }) };
    appendFileSync(out, `${JSON.stringify(line)}\n`);
  }

const mine = lines().filter((line) => line.backend === backend);
const counts = cases.map(({ name }) =>
  mine.filter((line) => line.name === name).reduce((total, { models }) => total + models, 0),
);
const alarms = mine.filter(({ alarm }) => alarm !== undefined);
for (const { name, seed, alarm } of alarms) console.log(`${name}, seed ${seed}: ${alarm}`);
console.log(
  `${backend}: ${cases.length} kinds of models, at least ${Math.min(...counts)} of each, ` +
    `${counts.reduce((a, b) => a + b, 0)} in all; ${alarms.length} alarms. Results: ${out}`,
);
process.exitCode = alarms.length > 0 ? 1 : 0;
