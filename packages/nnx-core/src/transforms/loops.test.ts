import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import * as nnx from "../index.ts";

const { cond, foriLoop, grad, Module, Param, vmap, whileLoop } = nnx;

class Counter extends Module {
  readonly w = new Param<tf.Tensor>(tf.scalar(2));
  steps = new nnx.Variable(0);
  log: { calls: number } = { calls: 0 };
}

const value = (tensor: tf.Tensor): number => tensor.dataSync()[0] as number;

onEachBackend("branches and loops", () => {
  it("cond and switch change what they get, return what they get, and run one function", () => {
    const m = new Counter();
    const before = tf.memory().numTensors;
    const add = (by: number) => (each: Counter, x: tf.Tensor) => {
      each.steps.value += by;
      each.w.value = tf.add(tf.mul(each.w.value, 1), by);
      return { each, y: tf.mul(x, tf.add(by, 0)) as tf.Tensor };
    };
    const x = tf.scalar(3);
    const out = cond(tf.scalar(1, "bool"), add(1), add(10), m, x);
    expect([out.each, m.steps.value, value(out.y), value(m.w.value)]).toEqual([m, 1, 3, 3]);
    out.y.dispose();
    expect(
      cond(
        0,
        () => 1,
        () => "no",
      ),
    ).toBe("no");
    const branches = [add(100), add(1000)];
    nnx.dispose(nnx.switch(tf.scalar(7, "int32"), branches, m, x).y);
    expect(m.steps.value).toBe(1001);
    // The predicate, the index, and x stay; all else is freed.
    expect(tf.memory().numTensors - before).toBe(3);
  });

  it("loops hand on tensors, numbers and modules, and free what they used", () => {
    const m = new Counter();
    const start = tf.memory().numTensors;
    let most = 0;
    const [same, x, n] = foriLoop(
      0,
      tf.scalar(40, "int32"),
      (i, [each, y, k]): [Counter, tf.Tensor, number] => {
        most = Math.max(most, tf.memory().numTensors - start);
        each.w.value = tf.add(each.w.value, 1);
        return [each, tf.add(tf.add(y, i), 0), k + 1];
      },
      [m, tf.scalar(0), 0] as [Counter, tf.Tensor, number],
    );
    expect([same, value(x), n, value(m.w.value)]).toEqual([m, 780, 40, 42]);
    expect(most).toBeLessThan(8);
    const init = tf.scalar(1);
    expect(foriLoop(3, 3, (_, y) => y, init)).toBe(init);
    expect(
      whileLoop(
        () => false,
        (y) => y,
        m,
      ),
    ).toBe(m);
  });

  it("are differentiated, and run under vmap", () => {
    const m = new Counter();
    const power = (n: number) => (each: Counter, x: tf.Tensor) =>
      foriLoop(0, n, (_, y) => tf.mul(y, each.w.value) as tf.Tensor, x);
    const grads = grad((each: Counter) => power(3)(each, tf.scalar(1)))(m);
    expect(value((grads as { w: { value: tf.Tensor } }).w.value)).toBe(12);
    const chosen = vmap((x: tf.Tensor) =>
      cond(
        tf.greater(x, 1),
        (a) => tf.mul(a, 10) as tf.Tensor,
        (a) => tf.neg(a),
        x,
      ),
    )(tf.tensor1d([1, 2]));
    expect([...chosen.dataSync()]).toEqual([-1, 20]);
    const gradient = grad((x: tf.Tensor) =>
      whileLoop(
        (y) => tf.less(y, 100),
        (y) => tf.square(y),
        x,
      ),
    )(tf.scalar(3));
    expect(value(gradient)).toBe(8 * 3 ** 7);
  });
});

describe("branches and loops, given what does not fit", () => {
  const body = (y: tf.Tensor): tf.Tensor => y;
  it.each([
    [
      "cond of two values",
      () => cond(tf.ones([2]), body, body, tf.scalar(1)),
      /cond: expected pred to be a number.*float32\[2\]/,
    ],
    ["cond of a text", () => cond("yes" as never, body, body, tf.scalar(1)), /cond: expected pred.*"yes"/],
    [
      "cond without a function",
      () => cond(true, 1 as never, body, tf.scalar(1)),
      /cond: expected a function as the second/,
    ],
    ["switch of nothing", () => nnx.switch(0, [], tf.scalar(1)), /switch: expected at least one branch/],
    [
      "switch of a part",
      () => nnx.switch(0.5, [body], tf.scalar(1)),
      /switch: expected an integer as the index, got 0.5/,
    ],
    [
      "a bound that is no integer",
      () => foriLoop(0, 1.5, (_, y) => y, tf.scalar(1)),
      /foriLoop: expected upper to be an integer/,
    ],
    [
      "another shape",
      () =>
        foriLoop(0, 2, (_, y: { h: tf.Tensor }) => ({ h: tf.ones([2]) as tf.Tensor, i: y.h.rank }), {
          h: tf.ones([3]),
        } as never),
      /foriLoop at h: expected the value to have the same structure.* got a float32\[3\] before it and a float32\[2\]/,
    ],
    [
      "another module",
      () =>
        whileLoop(
          () => true,
          () => new Counter(),
          new Counter(),
        ),
      /whileLoop: expected the value to have the same modules and Variables/,
    ],
    ["a Promise", () => whileLoop(() => true, (async () => 1) as never, 1), /whileLoop: .* got a Promise/],
  ])("refuse %s", (_name, run, message) => {
    expect(run).toThrow(message);
  });

  it("put everything back when a step throws", () => {
    const m = new Counter();
    const before = tf.memory().numTensors;
    expect(() =>
      foriLoop(
        0,
        5,
        (i, each) => {
          each.w.value = tf.scalar(i);
          each.steps.value = i;
          each.log = { calls: i };
          if (i === 3) throw new Error("third");
          return each;
        },
        m,
      ),
    ).toThrow("third");
    expect([value(m.w.value), m.steps.value, m.log.calls]).toEqual([2, 0, 0]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
