/**
 * @file Steps by `jit` beside plain ones and those of jax-js, which are jitted too:
 * node scripts/run-bundled.mjs benchmarks/jit-peers.ts [CASE]
 *
 * On wasm, in alternation, in one process: CPU time, the medians of several rounds.
 */
import "@tensorflow/tfjs-backend-wasm";
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import process from "node:process";
import { recorded as lstmRecorded, runs as lstm } from "./cases/lstm/ours.ts";
import { recorded as mlpRecorded, runs as mlp } from "./cases/mlp/ours.ts";
import { recorded as smallRecorded, runs as small } from "./cases/small/ours.ts";
import { recorded as blockRecorded, runs as block } from "./cases/transformer/ours.ts";
import { median, millisecondsSince } from "./measure.ts";
import { load } from "./peers/libraries.ts";
import { integers } from "./peers/numbers.ts";
import type { Run, Runs } from "./peers/run.ts";
import { lossOf, trainingStep } from "./peers/training-step.ts";

await tf.setBackend("wasm");
await tf.ready();
await load["jax-js"]();
const { nn, numpy: np } = await import("@jax-js/jax");
const { arrayOf, dense, parameters, trainer } = await import("./peers/jax-js.ts");
const jaxJs = {
  lstm: (await import("./cases/lstm/jax-js.ts")).runs,
  mlp: (await import("./cases/mlp/jax-js.ts")).runs,
  small: (await import("./cases/small/jax-js.ts")).runs,
  block: (await import("./cases/transformer/jax-js.ts")).runs,
};

const BATCH = 32;

/** Of several classes: one alone is learned so well that Adam's moments become subnormal, which is slow. */
const labelsOf = (sizes: readonly number[]): Int32Array => integers("labels", [BATCH], sizes.at(-1)!);

class Mlp extends nnx.Module {
  readonly layers: readonly nnx.Linear[];
  constructor(sizes: readonly number[]) {
    super();
    const rngs = new nnx.Rngs(0);
    this.layers = sizes.slice(1).map((size, i) => new nnx.Linear(sizes[i]!, size, { rngs }));
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.layers.reduce((y, layer, i) => layer.forward(i === 0 ? y : nnx.relu(y)), x);
  }
}

/** An MLP of these sizes, with cross entropy and Adam. */
function ours(sizes: readonly number[], isRecorded: boolean): Run {
  const x = nnx.random.normal(nnx.random.key(1), [BATCH, sizes[0]!]);
  const labels = tf.tensor1d(labelsOf(sizes), "int32");
  const lossFn = (m: Mlp): tf.Tensor =>
    tf.mean(nnx.softmaxCrossEntropyWithIntegerLabels(m.forward(x), labels));
  const train = trainingStep(new Mlp(sizes), lossFn, isRecorded);
  return { step: () => lossOf(train) };
}

function theirs(sizes: readonly number[]): Run {
  const layers = sizes.slice(1).map((size, i) => [`layers.${i}`, [sizes[i]!, size]] as const);
  const shapes = layers.flatMap(([path, shape]) => [
    [`${path}.kernel`, shape] as const,
    [`${path}.bias`, [shape[1]!]] as const,
  ]);
  const x = arrayOf("x", [BATCH, sizes[0]!]);
  const rows = nn.oneHot(np.array(labelsOf(sizes)), sizes.at(-1)!);
  const step = trainer(parameters(Object.fromEntries(shapes)), (p) => {
    const y = layers.reduce((h, [path], i) => dense(i === 0 ? h : nn.relu(h), p, path), x.ref);
    return np.mean(np.sum(nn.logSoftmax(y).mul(rows.ref), -1)).neg();
  });
  return { step };
}

interface Case {
  readonly name: string;
  readonly ways: readonly (() => Run | Promise<Run>)[];
}
const bySizes = (name: string, sizes: readonly number[]): Case => ({
  name,
  ways: [() => ours(sizes, false), () => ours(sizes, true), () => theirs(sizes)],
});
const ofCase = (...all: readonly Runs[]): Case => {
  const name = Object.keys(all[0]!)[0]!;
  return { name, ways: all.map((runs) => runs[name]!) };
};
const cases: readonly Case[] = [
  bySizes("MLP 4-16-16-3", [4, 16, 16, 3]),
  bySizes("MLP 64-128-128-8", [64, 128, 128, 8]),
  ofCase(small, smallRecorded, jaxJs.small),
  ofCase(lstm, lstmRecorded, jaxJs.lstm),
  bySizes("MLP 784-512-512-10", [784, 512, 512, 10]),
  ofCase(mlp, mlpRecorded, jaxJs.mlp),
  ofCase(block, blockRecorded, jaxJs.block),
];

for (const { name, ways } of cases) {
  if (!name.includes(process.argv[2] ?? "")) continue;
  const runs: Run[] = [];
  for (const make of ways) runs.push(await make());
  const start = process.cpuUsage();
  let calls = 0;
  while (millisecondsSince(start) < 1500) {
    for (const run of runs) await run.step();
    calls++;
  }
  const perRound = Math.max(1, Math.ceil(calls / 6));
  const times: number[][] = runs.map(() => []);
  for (let round = 0; round < 7; round++) {
    for (const [i, run] of runs.entries()) {
      const since = process.cpuUsage();
      for (let call = 0; call < perRound; call++) await run.step();
      times[i]!.push(millisecondsSince(since) / perRound);
    }
  }
  const [plain = 0, fast = 0, jax = 0] = times.map(median);
  console.log(
    `${name}: plain ${plain.toFixed(3)} ms, recorded ${fast.toFixed(3)} ms (${(plain / fast).toFixed(2)} x), ` +
      `jax-js ${jax.toFixed(3)} ms (${(jax / fast).toFixed(2)} x of recorded)`,
  );
}
process.exit(0);
