/**
 * @file The speed of the graph functions on 100 blocks of Linear + BatchNorm + Dropout, and on
 * chains of up to 100,000 leaves. If `NNX_PYTHON` names a Python with Flax, the same model is timed
 * there in alternation, and ratios are printed: `NNX_PYTHON=python3 node scripts/run.mjs
 * benchmarks/graph.ts`.
 */
import "@tensorflow/tfjs-backend-cpu";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import {
  BatchStat,
  clone,
  dispose,
  iterModules,
  mapValues,
  merge,
  Module,
  Param,
  split,
  type State,
  state,
  update,
  Variable,
} from "../packages/nnx-core/src/index.ts";

class Linear extends Module {
  readonly kernel: Param<tf.Tensor> = new Param(tf.ones([4, 4]));
  readonly bias: Param<tf.Tensor> = new Param(tf.zeros([4]));
  readonly inFeatures = 4;
  readonly outFeatures = 4;
  readonly useBias = true;
}
class BatchNorm extends Module {
  readonly mean: BatchStat<tf.Tensor> = new BatchStat(tf.zeros([4]));
  readonly var: BatchStat<tf.Tensor> = new BatchStat(tf.ones([4]));
  readonly scale: Param<tf.Tensor> = new Param(tf.ones([4]));
  readonly bias: Param<tf.Tensor> = new Param(tf.zeros([4]));
  readonly momentum = 0.99;
  readonly epsilon = 1e-5;
  readonly useRunningAverage = false;
}
class Stream extends Module {
  readonly count: Variable<number> = new Variable(0, { tag: "dropout" });
  readonly key: Variable<number> = new Variable(1, { tag: "dropout" });
  readonly tag = "dropout";
}
class Dropout extends Module {
  readonly rate = 0.5;
  readonly broadcastDims: readonly number[] = [];
  readonly deterministic = false;
  readonly rngs: Stream = new Stream();
}
class Block extends Module {
  readonly linear: Linear = new Linear();
  readonly bn: BatchNorm = new BatchNorm();
  readonly dropout: Dropout = new Dropout();
  readonly gain: Param<tf.Tensor> = new Param(tf.ones([4]));
}
class Model extends Module {
  readonly blocks: Block[];
  constructor(blocks: number) {
    super();
    this.blocks = Array.from({ length: blocks }, () => new Block());
  }
}

/** The fastest and the median of several runs, in milliseconds. */
function time(
  run: () => unknown,
  after: (result: unknown) => void = () => {},
): { best: number; median: number } {
  const times: number[] = [];
  for (let i = 0; i < 150; i++) {
    const start = performance.now();
    const result = run();
    times.push(performance.now() - start);
    after(result);
  }
  times.sort((a, b) => a - b);
  return { best: times[0] as number, median: times[75] as number };
}

const model = new Model(100);
const [graphdef, all] = split(model);
const other: State = mapValues(
  (value) => (typeof value === "number" ? value + 1 : tf.clone(value as tf.Tensor)),
  all,
);
let turn = false;
const measures: Record<string, () => { best: number; median: number }> = {
  split: () => time(() => split(model), dispose),
  "split into two": () => time(() => split(model, Param, true), dispose),
  state: () => time(() => state(model), dispose),
  merge: () => time(() => merge(graphdef, all), dispose),
  clone: () => time(() => clone(model), dispose),
  update: () => time(() => update(model, all)),
  "update, all changed": () =>
    time(() => {
      turn = !turn;
      update(model, turn ? other : all);
    }),
  iterModules: () => time(() => [...iterModules(model)]),
};

type Times = Record<string, number>;

function flax(): Times | undefined {
  const python = process.env.NNX_PYTHON;
  if (!python) return undefined;
  const script = fileURLToPath(new URL("graph_flax.py", import.meta.url));
  const { status, stdout } = spawnSync(python, [script], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  return status === 0 ? (JSON.parse(stdout) as Times) : undefined;
}

const rounds: { ours: Times; theirs: Times | undefined }[] = [];
for (let round = 0; round < 3; round++) {
  const ours = Object.fromEntries(
    Object.entries(measures).map(([name, measure]) => [name, measure().median]),
  );
  rounds.push({ ours, theirs: flax() });
}
const medianOf = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] as number;

console.log("100 blocks, 900 leaves; medians in ms");
for (const name of Object.keys(measures)) {
  const ours = medianOf(rounds.map((round) => round.ours[name] as number));
  const theirs = rounds.flatMap((round) => round.theirs?.[name] ?? []);
  const comparison =
    theirs.length > 0
      ? `  Flax ${medianOf(theirs).toFixed(2)}  ratio ${(medianOf(theirs) / ours).toFixed(0)} x`
      : "";
  console.log(`${name.padEnd(20)} ${ours.toFixed(3)}${comparison}`);
}

console.log("time per leaf in microseconds");
for (const leaves of [900, 9_000, 90_000]) {
  const big = new Model(leaves / 9);
  const run = (f: () => unknown): number => {
    const times: number[] = [];
    for (let i = 0; i < 5; i++) {
      const start = performance.now();
      const result = f();
      times.push(performance.now() - start);
      dispose(result);
    }
    return (medianOf(times) * 1000) / leaves;
  };
  const [def, values] = split(big);
  const row = {
    split: run(() => split(big)),
    merge: run(() => merge(def, values)),
    update: run(() => update(big, values)),
    iterModules: run(() => void [...iterModules(big)]),
  };
  const cells = Object.entries(row).map(([name, microseconds]) => `${name} ${microseconds.toFixed(2)}`);
  console.log(`${String(leaves).padStart(7)} leaves: ${cells.join("  ")}`);
  dispose([big, values]);
}
