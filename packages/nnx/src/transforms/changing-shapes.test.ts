/** @file Recorded steps of optimizers of the user's own, which differ from step to step. */
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import * as nnx from "../index.ts";

class Point extends nnx.Module {
  readonly p: nnx.Param<tf.Tensor> = new nnx.Param(tf.tensor1d([1, 2]));
}

const six = (u: tf.Tensor): tf.Tensor => tf.concat([u, u, tf.mul(u, 4)]);
const rows = (u: tf.Tensor): tf.Tensor2D => tf.reshape(six(u), [3, 2]);
const isOdd = (n: number): boolean => n % 2 === 1;

/** By optax 0.2.8, of `lbfgs(0.1, memory_size=2, linesearch=None)`. */
const ofLbfgs = [
  [0.9875965, 1.900772],
  [0.9445946, 1.708953],
  [0.8913305, 1.535748],
  [0.8322819, 1.379861],
  [0.7707134, 1.239823],
  [0.7089984, 1.114153],
  [0.6488196, 1.001422],
];

/** What the step with a number adds, from the gradients, which are 1. */
const steps: Record<string, (n: number, u: tf.Tensor) => tf.Tensor> = {
  values: (n) => tf.sum(tf.tensor1d(Array.from({ length: n + 1 }, () => 1))),
  "values of another dtype": (n) =>
    tf.cast(tf.div(tf.tensor1d([1, 3], isOdd(n) ? "int32" : "float32"), 2), "float32"),
  fill: (n) => tf.sum(tf.fill([n + 1], 1)),
  ones: (n) => tf.sum(tf.ones([n + 1])),
  "the size of zeros": (n) => tf.scalar(tf.zeros([1, n + 2]).shape[1] as number),
  reshape: (n, u) => tf.max(tf.sum(tf.reshape(six(u), isOdd(n) ? [2, 3] : [3, 2]), 0)),
  cast: (n, u) => tf.sum(tf.cast(tf.cast(tf.mul(u, 3.7), isOdd(n) ? "int32" : "float32"), "float32")),
  slice: (n, u) => tf.sum(tf.slice(u, [n % 2])),
  "the size of a slice": (n, u) => {
    const part = tf.slice(six(u), [0], [1 + (n % 3)]);
    return tf.div(tf.sum(part), part.shape[0]!);
  },
  "sum along an axis": (n, u) => tf.max(tf.sum(rows(u), n % 2)),
  tile: (n, u) => tf.sum(tf.tile(u, [n + 1])),
  pad: (n, u) => tf.sum(tf.pad(u, [[n, 0]], 1)),
  range: (n) => tf.sum(tf.range(0, n + 2)),
  oneHot: (n) => tf.mean(tf.oneHot(tf.tensor1d([0, 1], "int32"), n + 2)),
  transpose: (n, u) => tf.max(tf.sum(tf.transpose(rows(u), isOdd(n) ? [0, 1] : [1, 0]), 0)),
  matMul: (n, u) => tf.max(tf.matMul(rows(u), rows(u), isOdd(n), !isOdd(n))),
  gather: (n) => tf.sum(tf.gather(tf.reshape(tf.range(0, 6), [2, 3]), tf.tensor1d([0, 1], "int32"), n % 2)),
  topk: (n) => tf.sum(tf.topk(tf.range(0, 6), 1 + (n % 3)).values),
  split: (n) => tf.sum(tf.split(tf.range(0, 6), isOdd(n) ? [2, 4] : [4, 2])[0]!),
  einsum: (n, u) => tf.max(tf.einsum(isOdd(n) ? "ij->i" : "ij->j", rows(u))),
  "a loop": (n, u) => tf.sum(nnx.foriLoop(0, n % 3, (_, x: tf.Tensor) => tf.mul(x, 2), u)),
  "a gradient": (n, u) => tf.sum(tf.grad((x: tf.Tensor) => tf.sum(tf.mul(tf.square(x), n)))(u)),
};

/** The parameter after each of five steps. */
function after(step: (typeof steps)[string], isRecorded: boolean): number[][] {
  const model = new Point();
  const tx: nnx.GradientTransformation<{ readonly count: number }> = {
    init: () => ({ count: 0 }),
    update: (updates, { count }) => [
      nnx.mapTree((u) => tf.add(tf.sub(u, 1), step(count, u)), updates),
      { count: count + 1 },
    ],
  };
  const optimizer = new nnx.Optimizer(model, tx);
  const train = (m: Point, opt: nnx.Optimizer): void => {
    opt.update(m, nnx.grad((each: Point) => tf.sum(each.p.value))(m));
  };
  const run = isRecorded ? nnx.jit(train) : train;
  return Array.from({ length: 5 }, () => {
    run(model, optimizer);
    return [...model.p.value.dataSync()];
  });
}

onEachBackend("a recorded step of an optimizer", () => {
  it.each(Object.entries(steps))("is that of the same step by hand: %s", (_, step) => {
    expect(after(step, true)).toEqual(after(step, false));
  });

  it("that gives fewer numbers of its state raises, and changes nothing", () => {
    const model = new Point();
    const tx: nnx.GradientTransformation<{ readonly count: number; readonly last: readonly number[] }> = {
      init: () => ({ count: 0, last: [0, 0] }),
      update: (updates, { count }) => [updates, { count: count + 1, last: count < 3 ? [count, 1] : [count] }],
    };
    const optimizer = new nnx.Optimizer(model, tx);
    const train = nnx.jit((m: Point, opt: nnx.Optimizer) => {
      opt.update(m, nnx.grad((each: Point) => tf.sum(each.p.value))(m));
    });
    for (let i = 0; i < 3; i++) train(model, optimizer);
    const wrong = /^Optimizer.update at optState.last.1: expected the transformation to return a state/;
    for (let i = 0; i < 2; i++) expect(() => train(model, optimizer)).toThrow(wrong);
    expect([...model.p.value.dataSync()]).toEqual([4, 5]);
    expect(optimizer.step.value).toBe(3);
  });

  it("is that of L-BFGS without a line search", () => {
    const model = new Point();
    const optimizer = new nnx.Optimizer(
      model,
      nnx.lbfgs({ learningRate: 0.1, memorySize: 2, linesearch: null }),
    );
    const train = nnx.jit((m: Point, opt: nnx.Optimizer) => {
      const loss = (each: Point): tf.Tensor => tf.sum(tf.pow(tf.mul(each.p.value, tf.tensor1d([1, 2])), 2));
      opt.update(m, nnx.grad(loss)(m));
    });
    const seen = Array.from({ length: 7 }, () => {
      train(model, optimizer);
      return [...model.p.value.dataSync()];
    });
    for (const [i, want] of ofLbfgs.entries())
      for (const [k, x] of want.entries()) expect(seen[i]![k]).toBeCloseTo(x, 5);
    // Each place of the memory has its own program, after the first steps.
    expect(train.programs.length).toBeLessThanOrEqual(4);
  });
});
