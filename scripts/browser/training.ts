/** @file Fifty steps of models of several kinds. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { expect, inject, it } from "vitest";
import { type Held, held } from "./held.ts";

type Model = nnx.Sequential<[tf.Tensor], tf.Tensor>;

const flat = (x: tf.Tensor): tf.Tensor => tf.reshape(x, [x.shape[0]!, -1]);
const maxPool = (x: tf.Tensor): tf.Tensor => nnx.maxPool(x, [2, 2], { strides: [2, 2] });

interface Trained {
  readonly make: (rngs: nnx.Rngs) => Model;
  readonly shape: number[];
}

const models = {
  "digits (MLP with dropout)": {
    shape: [16, 64],
    make: (rngs) =>
      new nnx.Sequential(
        new nnx.Linear(64, 32, { rngs }),
        nnx.relu,
        new nnx.Dropout(0.25, { rngs }),
        new nnx.Linear(32, 4, { rngs }),
      ),
  },
  "CNN with max pooling": {
    shape: [8, 8, 8, 1],
    make: (rngs) =>
      new nnx.Sequential(
        new nnx.Conv(1, 4, [3, 3], { rngs }),
        nnx.relu,
        maxPool,
        flat,
        new nnx.Linear(64, 4, { rngs }),
      ),
  },
  GRU: {
    shape: [4, 6, 5],
    make: (rngs) =>
      new nnx.Sequential(new nnx.RNN(new nnx.GRUCell(5, 8, { rngs })), flat, new nnx.Linear(48, 4, { rngs })),
  },
  attention: {
    shape: [4, 6, 8],
    make: (rngs) =>
      new nnx.Sequential(
        new nnx.MultiHeadAttention(2, 8, { decode: false, rngs }),
        flat,
        new nnx.Linear(48, 4, { rngs }),
      ),
  },
  "3-D CNN": {
    shape: [2, 4, 4, 4, 1],
    make: (rngs) =>
      new nnx.Sequential(
        new nnx.Conv(1, 2, [3, 3, 3], { rngs }),
        nnx.relu,
        flat,
        new nnx.Linear(128, 4, { rngs }),
      ),
  },
} satisfies Readonly<Record<string, Trained>>;

const STEPS = 50;

interface Run {
  readonly losses: readonly number[];
  readonly before: Held;
  readonly after: Held;
}

async function train({ make, shape }: Trained): Promise<Run> {
  const before = await held();
  const key = nnx.random.key(7);
  const x = nnx.random.normal(key, shape);
  const labels = nnx.random.randint(nnx.random.foldIn(key, 1), [shape[0]!], 0, 4);
  const model = make(new nnx.Rngs(0, { dropout: 1 }));
  const optimizer = new nnx.Optimizer(model, nnx.adam(0.01), { wrt: nnx.Param });
  const step = nnx.valueAndGrad((m: Model) =>
    tf.mean(nnx.softmaxCrossEntropyWithIntegerLabels(m.forward(x), labels)),
  );
  const losses: number[] = [];
  for (let i = 0; i < STEPS; i++) {
    const loss = tf.tidy(() => {
      const [value, grads] = step(model);
      optimizer.update(model, grads);
      return value as tf.Scalar;
    });
    losses.push((await loss.data())[0]!);
    loss.dispose();
  }
  nnx.dispose(optimizer);
  nnx.dispose(model);
  tf.dispose([x, labels]);
  return { losses, before, after: await held() };
}

/** Tests that models train as on cpu, and leave nothing. */
export const trainsAsOnCpu = (names: readonly (keyof typeof models)[]): void => {
  it.each(names)("%s: the losses of 50 steps are those of cpu, and nothing is left", async (name) => {
    const backend = inject("backend");
    await tf.setBackend("cpu");
    const wanted = await train(models[name]);
    await tf.setBackend(backend);
    const got = await train(models[name]);
    const far = Math.max(...got.losses.map((loss, i) => Math.abs(loss - wanted.losses[i]!)));
    console.log(`training: ${name}: ${got.losses.at(-1)} for ${wanted.losses.at(-1)}, at most ${far} apart`);
    expect(wanted.losses.at(-1)!).toBeLessThan(wanted.losses[0]! - 0.1);
    expect(far).toBeLessThan(1e-5);
    expect(wanted.after).toEqual(wanted.before);
    expect(got.after).toEqual(got.before);
  });
};
