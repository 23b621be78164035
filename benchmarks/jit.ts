/**
 * @file What a recorded step saves: node scripts/run-bundled.mjs benchmarks/jit.ts [cpu|wasm] [CASE]
 *
 * Steps of training, plain and recorded, in alternation: CPU time, and their ratio. "first" is the
 * call that records, against a plain call of a fresh model.
 */
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import process from "node:process";
import { median } from "./measure.ts";

const backend = process.argv[2] ?? "wasm";
await tf.setBackend(backend);
await tf.ready();

type Model = nnx.Module & { forward(x: tf.Tensor): tf.Tensor };

class Mlp extends nnx.Module {
  readonly layers: readonly nnx.Linear[];
  constructor(sizes: readonly number[]) {
    super();
    const rngs = new nnx.Rngs(0);
    this.layers = sizes.slice(1).map((size, i) => new nnx.Linear(sizes[i] as number, size, { rngs }));
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.layers.reduce((y, layer, i) => layer.forward(i === 0 ? y : tf.relu(y)), x);
  }
}

class Sequences extends nnx.Module {
  readonly rnn: nnx.RNN<nnx.LSTMCarry, false>;
  readonly head: nnx.Linear;
  constructor() {
    super();
    const rngs = new nnx.Rngs(0);
    this.rnn = new nnx.RNN(new nnx.OptimizedLSTMCell(8, 32, { rngs }));
    this.head = new nnx.Linear(32, 3, { rngs });
  }
  forward(x: tf.Tensor): tf.Tensor {
    const y = this.rnn.forward(x);
    return this.head.forward(tf.mean(y, 1));
  }
}

interface Case {
  readonly name: string;
  readonly make: () => Model;
  readonly input: readonly number[];
  readonly classes: number;
  readonly steps: number;
}
const cases: readonly Case[] = [
  { name: "MLP 4-16-16-3", make: () => new Mlp([4, 16, 16, 3]), input: [32, 4], classes: 3, steps: 400 },
  {
    name: "MLP 64-128-128-8",
    make: () => new Mlp([64, 128, 128, 8]),
    input: [32, 64],
    classes: 8,
    steps: 200,
  },
  { name: "LSTM 8-32, 16 steps", make: () => new Sequences(), input: [16, 16, 8], classes: 3, steps: 60 },
  {
    name: "MLP 784-512-512-10",
    make: () => new Mlp([784, 512, 512, 10]),
    input: [64, 784],
    classes: 10,
    steps: 20,
  },
];

function step(model: Model, optimizer: nnx.Optimizer, x: tf.Tensor, y: tf.Tensor): tf.Tensor {
  const lossOf = (m: Model): tf.Tensor => tf.mean(nnx.softmaxCrossEntropyWithIntegerLabels(m.forward(x), y));
  const [loss, grads] = nnx.valueAndGrad(lossOf)(model);
  optimizer.update(model, grads);
  nnx.dispose(grads);
  return loss;
}

/** Milliseconds of CPU time for each call. */
function time(count: number, f: () => void): number {
  const start = process.cpuUsage();
  for (let i = 0; i < count; i++) f();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000 / count;
}

/** Microseconds of CPU time, in which V8 compiles what records: as it has what plain calls run. */
const warmUp = 5e6;

const wanted = process.argv[3] ?? "";
for (const { name, make, input, classes, steps } of cases.filter((each) => each.name.includes(wanted))) {
  const x = nnx.random.normal(nnx.random.key(1), [...input]);
  const y = tf.tensor1d(
    Array.from({ length: input[0] as number }, (_, i) => i % classes),
    "int32",
  );
  const fresh = () => {
    const model = make();
    return { model, optimizer: new nnx.Optimizer(model, nnx.adam(1e-3), { wrt: nnx.Param }) };
  };
  const fast = nnx.jit(step);
  const [a, b] = [fresh(), fresh()];
  const plain = (m: ReturnType<typeof fresh>): void => {
    nnx.tidy(() => step(m.model, m.optimizer, x, y)).dispose();
  };
  const recorded = (): void => fast(b.model, b.optimizer, x, y).dispose();
  for (let i = 0; i < steps / 4; i++) {
    plain(a);
    recorded();
  }
  const rounds = Array.from(
    { length: 7 },
    () => [time(steps, () => plain(a)), time(steps, recorded)] as const,
  );
  /** A plain call of a fresh model, the call that records, and the one that prepares the replay. */
  const firsts = (count: number): string => {
    const times = Array.from({ length: count }, () => {
      const [c, d] = [fresh(), fresh()];
      const once = nnx.jit(step);
      const call = (): void => once(d.model, d.optimizer, x, y).dispose();
      const each = [time(1, () => plain(c)), time(1, call), time(1, call)] as const;
      once.dispose();
      nnx.dispose([c.model, c.optimizer, d.model, d.optimizer]);
      return each;
    });
    const [one, first, second] = [0, 1, 2].map((i) => median(times.map((each) => each[i] as number)));
    return `${(first! / one!).toFixed(2)} x a plain one, the second ${(second! / one!).toFixed(2)}`;
  };
  const cold = firsts(15);
  const start = process.cpuUsage().user;
  while (process.cpuUsage().user - start < warmUp) firsts(5);
  const warm = firsts(25);
  const [before, after] = [median(rounds.map(([p]) => p)), median(rounds.map(([, r]) => r))];
  const ratio = median(rounds.map(([p, r]) => p / r));
  console.log(
    `${backend} ${name}: ${before.toFixed(3)} ms, recorded ${after.toFixed(3)} ms, ${ratio.toFixed(2)} x; first call ${warm}; before V8 has compiled it ${cold}; ${fast.programs[0]?.kernels} kernels`,
  );
  fast.dispose();
  nnx.dispose([a.model, a.optimizer, b.model, b.optimizer]);
  tf.dispose([x, y]);
}
