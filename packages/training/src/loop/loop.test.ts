/** @file Loops: what they show, how they end, and that each part works alone. */
import { dispose, Module, Param, state, update, valueAndGrad } from "@nnxjs/nnx-core";
import { random } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it, vi } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import {
  adam,
  AsyncBatches,
  Batches,
  loop,
  metrics,
  MultiMetric,
  Optimizer,
  pacer,
  type Progress,
} from "../index.ts";
import { Meter } from "./meter.ts";

class Line extends Module {
  readonly kernel: Param<tf.Tensor2D> = new Param(tf.zeros<tf.Rank.R2>([2, 3]));
  forward(x: tf.Tensor2D): tf.Tensor2D {
    return tf.matMul(x, this.kernel.value);
  }
}
/** Points whose class is that of the larger coordinate, or 2 where both are small. */
function points(n: number) {
  const x = new Float32Array(2 * n);
  const y = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const [a, b] = [((i * 37) % 101) / 50 - 1, ((i * 61) % 97) / 48 - 1];
    x.set([a, b], 2 * i);
    y[i] = a > b ? 0 : 1;
  }
  return { x: { data: x, shape: [n, 2] }, y } as const;
}
const crossEntropy = (logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar =>
  tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits), tf.oneHot(labels, 3)), -1)));

onEachBackend("a training loop", () => {
  it("learns in ten lines, and leaves nothing behind", async () => {
    const data = points(200);
    const before = tf.memory().numTensors;
    const model = new Line();
    const optimizer = new Optimizer(model, adam(0.1));
    const seen = new MultiMetric({
      loss: new metrics.Average({ argname: "loss" }),
      accuracy: new metrics.Accuracy(),
    });
    const batches = new Batches(data, { batchSize: 25, key: random.key(0), epochs: 5 });
    const lossFn = (m: Line, x: tf.Tensor2D, y: tf.Tensor1D): [tf.Scalar, tf.Tensor2D] => {
      const logits = m.forward(x);
      return [crossEntropy(logits, y), logits];
    };
    const reports: Progress[] = [];
    const { numTensors } = tf.memory();
    const end = await loop(
      batches,
      ({ x, y }) => {
        const [[loss, logits], grads] = valueAndGrad(lossFn, { hasAux: true })(model, x, y);
        optimizer.update(model, grads);
        seen.update({ loss, logits, labels: y });
        return { now: loss, ...seen.compute() };
      },
      { onProgress: (progress) => void reports.push(progress), showEvery: 8 },
    );
    // Adam has moments from the first step on, which were made before.
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(reports.map(({ step, total }) => [step, total])).toEqual(
      [1, 8, 16, 24, 32, 40].map((step) => [step, 40]),
    );
    expect(end).toEqual(reports.at(-1));
    expect(reports.map(({ values }) => Object.keys(values))).toEqual(
      reports.map(() => ["now", "loss", "accuracy"]),
    );
    expect(end.values.now).toBeLessThan(reports[0]!.values.now!);
    expect(end.values.accuracy).toBeGreaterThan(0.9);
    expect(end.secondsLeft).toBe(0);
    expect(batches.epoch.value).toBe(5);
    dispose([model, optimizer, seen, batches]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("reads values only where they are shown, and never at once", async () => {
    const model = new Line();
    const spies = [vi.spyOn(tf.Tensor.prototype, "dataSync"), vi.spyOn(tf.Tensor.prototype, "data")] as const;
    await loop(new Batches(points(50), { batchSize: 1 }), ({ x }) => tf.mean(model.forward(x)), {
      showEvery: 20,
    });
    expect(spies.map(({ mock }) => mock.calls.length)).toEqual([0, 4]);
    for (const spy of spies) spy.mockRestore();
    dispose(model);
  });
});

it("shows scalars by name, numbers, what belongs to others, or nothing", async () => {
  const mine = tf.scalar(3);
  const values = async (shown: unknown) => (await loop([1], () => shown as tf.Tensor)).values;
  expect(await values(mine)).toEqual({ loss: 3 });
  expect(await values({ a: mine, b: 2, c: tf.ones([1, 1]) })).toEqual({ a: 3, b: 2, c: 1 });
  expect(await values(0.5)).toEqual({ loss: 0.5 });
  expect(await values(undefined)).toEqual({});
  expect(mine.isDisposed).toBe(false);
});

it("goes over lists, generators and what arrives, and tells what it cannot know", async () => {
  const seen: unknown[] = [];
  const end = await loop(["a", "b"], (item, i) => void seen.push([item, i]), { total: 2 });
  expect(seen).toEqual([
    ["a", 0],
    ["b", 1],
  ]);
  expect([end.step, end.total]).toEqual([2, 2]);
  const unknown = await loop(new AsyncBatches([1, 2, 3], { batchSize: 2 }), (x) => tf.sum(x));
  expect([unknown.step, unknown.total, unknown.secondsLeft, unknown.values]).toEqual([
    2,
    undefined,
    undefined,
    { loss: 3 },
  ]);
  const none = await loop([], () => 1, { onProgress: () => expect.unreachable() });
  expect([none.step, none.values]).toEqual([0, {}]);
});

it("gives way to timers, and awaits what shows the progress", async () => {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  const busy = (): void => {
    const end = performance.now() + 4;
    while (performance.now() < end);
  };
  const order: string[] = [];
  await loop([1, 2, 3, 4, 5, 6, 7, 8], busy, {
    yieldEvery: 8,
    showEvery: 4,
    onProgress: async ({ step }) => {
      order.push(`from ${step}`);
      await Promise.resolve();
      order.push(`to ${step}`);
    },
  });
  expect(ticks).toBeGreaterThan(0);
  expect(order).toEqual(["from 1", "to 1", "from 4", "to 4", "from 8", "to 8"]);
  ticks = 0;
  const pace = pacer({ yieldEvery: 0 });
  for (let i = 0; i < 1_000_000 && ticks === 0; i++) await pace();
  expect(ticks).toBeGreaterThan(0);
  const seldom = pacer({ yieldEvery: 1e12 });
  ticks = 0;
  for (let i = 0; i < 1_000; i++) await seldom();
  expect(ticks).toBe(0);
  clearInterval(timer);
});

it("stops after a whole step when told to, and goes on from there", async () => {
  const stop = new AbortController();
  const batches = new Batches(points(20), { batchSize: 2, key: random.key(2) });
  const whole = Array.from(new Batches(points(20), { batchSize: 2, key: random.key(2) }), ({ y }) => [
    ...y.dataSync(),
  ]);
  const given: number[][] = [];
  const step = ({ y }: { y: tf.Tensor1D }): void => {
    given.push([...y.dataSync()]);
    if (given.length === 3) stop.abort(new Error("stopped"));
  };
  const { numTensors } = tf.memory();
  await expect(loop(batches, step, { signal: stop.signal })).rejects.toThrow("stopped");
  expect(tf.memory().numTensors).toBe(numTensors);
  expect(given.length).toBe(3);
  await expect(loop(batches, step, { signal: stop.signal })).rejects.toThrow("stopped");
  expect(given.length).toBe(3);
  const again = new Batches(points(20), { batchSize: 2, key: random.key(2) });
  update(again, state(batches));
  await loop(again, step);
  expect(given).toEqual(whole);
  await expect(pacer({ signal: stop.signal })()).rejects.toThrow("stopped");
});

it("ends when a step or what shows it throws, and frees the batch", async () => {
  const { numTensors } = tf.memory();
  const batches = new Batches(new Float32Array(4), { batchSize: 1, epochs: Infinity });
  const lost = () => {
    throw new Error("lost");
  };
  await expect(loop(batches, lost)).rejects.toThrow("lost");
  await expect(loop(batches, (x) => tf.sum(x), { onProgress: lost })).rejects.toThrow("lost");
  await expect(loop(batches, (x) => tf.stack([x, x]))).rejects.toThrow(
    "loop: expected loss to be a scalar, got a float32[2,1]. Return its mean",
  );
  await expect(loop(batches, () => [tf.scalar(1)] as never)).rejects.toThrow(
    "loop: expected a step to return scalars by name, got an array of length 1.",
  );
  await expect(loop(batches, (async () => {}) as never)).rejects.toThrow(
    "loop: expected a step that is not async, got a Promise.",
  );
  await expect(loop(batches, (x) => ({ a: tf.sum(x), b: "text" as never }))).rejects.toThrow(
    'loop: expected b to be a tensor, got "text".',
  );
  expect(tf.memory().numTensors).toBe(numTensors);
});

it.each<[string, readonly unknown[], string]>([
  ["no batches", [5, () => {}], "loop: expected batches to go over, got 5. Pass nnx.Batches or a list."],
  ["no step", [[1]], "loop: expected a function that takes a batch, got undefined."],
  ["unknown options", [[1], () => {}, { every: 5 }], 'got "every".'],
  [
    "half a step",
    [[1], () => {}, { showEvery: 0.5 }],
    "loop: expected showEvery to be a positive integer, got 0.5.",
  ],
  [
    "negative time",
    [[1], () => {}, { yieldEvery: -1 }],
    "loop: expected yieldEvery to be a number of milliseconds, got -1.",
  ],
  [
    "a controller",
    [[1], () => {}, { signal: new AbortController() }],
    "loop: expected signal to be an AbortSignal, got an instance of AbortController.",
  ],
  [
    "an object to show",
    [[1], () => {}, { onProgress: {} }],
    "loop: expected onProgress to be a function, got an object with keys {}.",
  ],
  [
    "a total that is none",
    [[1], () => {}, { total: Infinity }],
    "loop: expected total to be a number of steps, got Infinity.",
  ],
])("refuses %s", async (_what, given, message) => {
  await expect(Reflect.apply(loop, undefined, given)).rejects.toThrow(message);
});

it("takes the rate over the last reports", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const meter = new Meter(100);
  vi.advanceTimersByTime(10_000);
  expect(meter.report(1, {})).toMatchObject({ stepsPerSecond: 0.1, seconds: 10, secondsLeft: 990 });
  for (let step = 2; step <= 20; step++) {
    vi.advanceTimersByTime(500);
    meter.report(step, {});
  }
  expect(meter.report(20, { loss: 1 })).toMatchObject({ secondsLeft: 80 / (9 / 4.5), values: { loss: 1 } });
  vi.useRealTimers();
});
