/**
 * @file Compares our gradient rules with those of tensorflow.js (as tfjs-layers registers them), in
 * one process and in alternation:
 *
 *     node scripts/run.mjs benchmarks/gradients.ts
 */
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { installGradients, uninstallGradients } from "@nnxjs/gradients";

const batch = 128;

interface Way {
  readonly name: string;
  readonly run: () => unknown;
}

/** Milliseconds: the median over rounds in which the ways alternate. Two rounds warm up. */
async function alternate(ways: readonly Way[], rounds: number): Promise<number[]> {
  const times = ways.map((): number[] => []);
  for (let round = -2; round < rounds; round++) {
    for (const [i, way] of ways.entries()) {
      const begin = performance.now();
      await way.run();
      if (round >= 0) times[i]!.push(performance.now() - begin);
    }
  }
  return times.map((list) => list.sort((a, b) => a - b)[list.length >> 1]!);
}

const withOurs = <R>(run: () => R): R => {
  installGradients();
  return run();
};
const withTheirs = <R>(run: () => R): R => {
  uninstallGradients();
  return run();
};

/** An MLP 784-512-256-10 with dropout, softmax cross entropy and Adam, by tfjs-layers. */
function layersModel(): layers.LayersModel {
  const model = layers.sequential();
  model.add(layers.layers.dense({ units: 512, activation: "relu", inputShape: [784] }));
  model.add(layers.layers.dropout({ rate: 0.5 }));
  model.add(layers.layers.dense({ units: 256, activation: "relu" }));
  model.add(layers.layers.dropout({ rate: 0.5 }));
  model.add(layers.layers.dense({ units: 10, activation: "softmax" }));
  model.compile({ optimizer: tf.train.adam(1e-3), loss: "categoricalCrossentropy" });
  return model;
}

/** The same MLP by plain operations. */
function plainStep(x: tf.Tensor2D, labels: tf.Tensor2D): () => void {
  const sizes = [784, 512, 256, 10];
  const kernels = sizes.slice(1).map((n, i) => tf.variable(tf.randomNormal([sizes[i]!, n], 0, 0.05)));
  const biases = sizes.slice(1).map((n) => tf.variable(tf.zeros([n])));
  const adam = tf.train.adam(1e-3);
  const dense = (h: tf.Tensor, i: number): tf.Tensor => tf.add(tf.matMul(h, kernels[i]!), biases[i]!);
  const loss = (): tf.Scalar => {
    const h1 = tf.dropout(tf.relu(dense(x, 0)), 0.5);
    const h2 = tf.dropout(tf.relu(dense(h1, 1)), 0.5);
    return tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(dense(h2, 2)), labels), 1)));
  };
  return () =>
    tf.tidy(() => {
      const { grads } = tf.variableGrads(loss);
      adam.applyGradients(Object.entries(grads).map(([name, tensor]) => ({ name, tensor })));
    });
}

const table = (rows: readonly (readonly string[])[]): void => {
  for (const row of rows) console.log(`| ${row.join(" | ")} |`);
};

async function trainingStep(): Promise<void> {
  await tf.setBackend("wasm");
  const x = tf.randomNormal([batch, 784]) as tf.Tensor2D;
  const labels = tf.oneHot(tf.randomUniform([batch], 0, 10, "int32"), 10) as tf.Tensor2D;
  const model = layersModel();
  const step = plainStep(x, labels);
  const ways: Way[] = [
    {
      name: "tfjs-layers trainOnBatch, stock rules",
      run: () => withTheirs(() => model.trainOnBatch(x, labels)),
    },
    { name: "tfjs-layers trainOnBatch, our rules", run: () => withOurs(() => model.trainOnBatch(x, labels)) },
    { name: "plain operations, stock rules", run: () => withTheirs(step) },
    { name: "plain operations, our rules", run: () => withOurs(step) },
  ];
  const times = await alternate(ways, 15);
  console.log("\nMLP 784-512-256-10, batch 128, dropout 0.5, Adam, on wasm\n");
  table([
    ["step", "ms", "faster than stock tfjs-layers"],
    ["---", "---:", "---:"],
    ...ways.map(({ name }, i) => [name, times[i]!.toFixed(1), `${(times[0]! / times[i]!).toFixed(1)} ×`]),
  ]);
}

async function convolutions(backend: string): Promise<void> {
  await tf.setBackend(backend);
  const rows: string[][] = [];
  for (const [name, input, window, strides] of [
    ["8×28×28×16, 3×3, 32", [8, 28, 28, 16], [3, 3, 16, 32], 1],
    ["8×14×14×64, 1×1, 64", [8, 14, 14, 64], [1, 1, 64, 64], 1],
    ["8×28×28×16, 3×3, 32, stride 2", [8, 28, 28, 16], [3, 3, 16, 32], 2],
  ] as const) {
    const x = tf.randomNormal([...input]) as tf.Tensor4D;
    const filter = tf.randomNormal([...window]) as tf.Tensor4D;
    const f = (a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
      tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, strides, "same");
    const both = (): void => {
      tf.tidy(() => tf.grads(f)([x, filter]));
    };
    // On wasm the stock rules call a kernel that does not exist. On cpu they are so slow that one
    // run is enough.
    const stock: Way[] = backend === "cpu" ? [{ name: "stock", run: () => withTheirs(both) }] : [];
    const ways: Way[] = [
      { name: "forward", run: () => tf.tidy(() => void f(x, filter)) },
      { name: "ours", run: () => withOurs(both) },
    ];
    const [forward, ours] = (await alternate(ways, backend === "cpu" ? 5 : 25)) as [number, number];
    const [theirs] = stock.length > 0 && strides === 1 ? await alternate(stock, 1) : [];
    const ratio = (time: number | undefined): string =>
      time === undefined ? "-" : ((time - forward) / forward).toFixed(1);
    rows.push([name, forward.toFixed(2), ratio(ours), ratio(theirs)]);
    tf.dispose([x, filter]);
  }
  console.log(`\nconv2d, both gradients as a multiple of the forward pass, on ${backend}\n`);
  table([["convolution", "forward ms", "ours", "stock"], ["---", "---:", "---:", "---:"], ...rows]);
}

/** The overhead of recording and playing back ops on one element. */
async function overhead(backend: string): Promise<void> {
  await tf.setBackend(backend);
  const x = tf.scalar(1.5);
  const rows: string[][] = [];
  for (const [name, op] of [
    ["add", (y: tf.Tensor) => tf.add(y, x)],
    ["mul", (y: tf.Tensor) => tf.mul(y, x)],
    ["relu", (y: tf.Tensor) => tf.relu(y)],
    ["sum", (y: tf.Tensor) => tf.sum(y)],
  ] as const) {
    const chain = (): void => {
      tf.tidy(() =>
        tf.grad((y: tf.Tensor) => {
          let z = y;
          for (let i = 0; i < 100; i++) z = op(z);
          return z;
        })(x),
      );
    };
    const [ours, theirs] = (await alternate(
      [
        { name: "ours", run: () => withOurs(chain) },
        { name: "stock", run: () => withTheirs(chain) },
      ],
      20,
    )) as [number, number];
    rows.push([name, (ours * 10).toFixed(1), (theirs * 10).toFixed(1), (ours / theirs).toFixed(2)]);
  }
  console.log(`\nA chain of 100 ops of one element, forward and backward, µs per op, on ${backend}\n`);
  table([["op", "ours", "stock", "ratio"], ["---", "---:", "---:", "---:"], ...rows]);
}

tf.enableProdMode();
await trainingStep();
for (const backend of ["wasm", "cpu"]) await convolutions(backend);
for (const backend of ["cpu", "wasm"]) await overhead(backend);
