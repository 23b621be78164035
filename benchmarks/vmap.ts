/**
 * @file An ensemble by `vmap`, against the loop over members that are held apart:
 * node scripts/run-bundled.mjs benchmarks/vmap.ts [cpu|wasm] [CASE]
 *
 * CPU time of a call, the least of several rounds in alternation, after two seconds of each way: a loop
 * by hand runs the layers 16 times in each call, so that V8 compiles it sooner. "cold" has the ratios of
 * the calls before. "batched" is what `vmap` does by itself; "looped" is what it does where the function
 * cannot be batched, here because it reads a value. "recorded" is the loop by hand, and `vmap`, in `jit`.
 */
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import process from "node:process";
import { millisecondsSince } from "./measure.ts";

await tf.setBackend(process.argv[2] ?? "wasm");
await tf.ready();

class Mlp extends nnx.Module {
  readonly layers: readonly nnx.Linear[];
  constructor(rngs: nnx.Rngs, sizes: readonly number[]) {
    super();
    this.layers = sizes.slice(1).map((size, i) => new nnx.Linear(sizes[i] as number, size, { rngs }));
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.layers.reduce((y, layer, i) => layer.forward(i === 0 ? y : tf.relu(y)), x);
  }
}

const MEMBERS = 16;

/** One call of the function that is mapped. Results are the caller's to free. */
type Step = (m: Mlp, x: tf.Tensor, y: tf.Tensor) => unknown;

const forward: Step = (m, x) => m.forward(x);
const gradients: Step = (m, x, y) =>
  nnx.grad((n: Mlp) => tf.mean(nnx.softmaxCrossEntropyWithIntegerLabels(n.forward(x), y)))(m);

/** Reading a value keeps a function from being batched. */
const looped =
  (step: Step): Step =>
  (m, x, y) => {
    m.layers[0]?.kernel.value.dataSync();
    return step(m, x, y);
  };

const cases = [
  { name: "forward", step: forward },
  { name: "gradient", step: gradients },
].flatMap(({ name, step }) =>
  [
    { sizes: [4, 16, 16, 3], batch: 1 },
    { sizes: [4, 16, 16, 3], batch: 32 },
    { sizes: [64, 128, 128, 8], batch: 1 },
    { sizes: [64, 128, 128, 8], batch: 32 },
    { sizes: [256, 512, 512, 10], batch: 32 },
    { sizes: [784, 512, 256, 10], batch: 128 },
  ].map(({ sizes, batch }) => ({ name: `${name} ${sizes.join("-")}, batch ${batch}`, step, sizes, batch })),
);

/** Of what takes longer than a millisecond, fewer calls than 20 are a round. */
function bestOf([first, ...others]: readonly [() => void, ...(() => void)[]], rounds: number): number[] {
  const ways = [first, ...others];
  const best = ways.map(() => Number.POSITIVE_INFINITY);
  const begin = process.cpuUsage();
  first();
  const calls = Math.max(1, Math.min(20, Math.round(20 / millisecondsSince(begin))));
  for (let round = -2; round < rounds; round++) {
    ways.forEach((way, i) => {
      const start = process.cpuUsage();
      for (let call = 0; call < calls; call++) way();
      if (round >= 0) best[i] = Math.min(best[i] as number, millisecondsSince(start) / calls);
    });
  }
  return best;
}

for (const { name, step, sizes, batch } of cases) {
  if (!name.includes(process.argv[3] ?? "")) continue;
  const members = Array.from({ length: MEMBERS }, (_, i) => new Mlp(new nnx.Rngs(i), sizes));
  const create = nnx.vmap((key: nnx.PRNGKey) => new Mlp(new nnx.Rngs(key), sizes));
  const stacked = create(nnx.random.split(nnx.random.key(0), MEMBERS));
  const x = nnx.random.normal(nnx.random.key(1), [batch, sizes[0] as number]);
  const y = tf.zeros([batch], "int32");
  const inAxes = [0, null, null];
  // In a scope, since a loop that never frees what the layers compute is no loop that anybody runs.
  const byHand = (f: Step) => () => nnx.dispose(nnx.tidy(() => members.map((member) => f(member, x, y))));
  const asBatch = nnx.vmap(step, { inAxes });
  const asLoop = nnx.vmap(looped(step), { inAxes });
  const recordedLoop = nnx.jit((all: readonly Mlp[], a: tf.Tensor, b: tf.Tensor) =>
    all.map((member) => step(member, a, b)),
  );
  const recorded = nnx.jit(asBatch);
  const ways: [() => void, ...(() => void)[]] = [
    byHand(step),
    () => nnx.dispose(asBatch(stacked, x, y)),
    byHand(looped(step)),
    () => nnx.dispose(asLoop(stacked, x, y)),
    () => nnx.dispose(recordedLoop(members, x, y)),
    () => nnx.dispose(recorded(stacked, x, y)),
  ];
  type Times = [number, number, number, number, number, number];
  const cold = bestOf(ways, 15) as Times;
  for (const way of ways) {
    const start = process.cpuUsage();
    while (millisecondsSince(start) < 2000) way();
  }
  const [hand, batched, handReading, loop, handRecorded, batchRecorded] = bestOf(ways, 15) as Times;
  console.log(
    `${name.padEnd(32)} by hand ${hand.toFixed(3)} ms, batched ${batched.toFixed(3)} ms (${(hand / batched).toFixed(1)} × faster), ` +
      `looped ${loop.toFixed(3)} ms (${(loop / handReading).toFixed(2)} × that by hand); ` +
      `recorded by hand ${handRecorded.toFixed(3)} ms, batched ${batchRecorded.toFixed(3)} ms (${(handRecorded / batchRecorded).toFixed(1)} × faster); ` +
      `cold: batched ${(cold[0] / cold[1]).toFixed(1)} × faster, looped ${(cold[3] / cold[2]).toFixed(2)} × that by hand`,
  );
}
