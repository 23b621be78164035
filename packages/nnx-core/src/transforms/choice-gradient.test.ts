import {
  cond,
  grad,
  jit,
  Module,
  Param,
  switch as switchTo,
  valueAndGrad,
  Variable,
  dispose,
} from "../index.ts";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

class Two extends Module {
  readonly a: Param<tf.Tensor> = new Param(tf.tensor1d([1, 2, 3]) as tf.Tensor);
  readonly b: Param<tf.Tensor> = new Param(tf.tensor1d([-1, 0.5, 2]) as tf.Tensor);
  readonly calls: Variable<tf.Tensor> = new Variable(tf.scalar(0) as tf.Tensor);
}

const numbers = (value: unknown): unknown =>
  value instanceof tf.Tensor
    ? Array.from(value.dataSync())
    : Array.isArray(value)
      ? value.map(numbers)
      : typeof value === "object" && value !== null
        ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, numbers(item)]))
        : value;

/** A loss whose branch depends on what is computed from the parameters. */
function loss(m: Two, x: tf.Tensor): tf.Tensor {
  const h = tf.mul(m.a.value, x);
  const y = cond(
    tf.greater(tf.sum(h), 0),
    (own: Two, input: tf.Tensor) => {
      own.calls.value = tf.add(own.calls.value, 1);
      return tf.square(tf.mul(input, own.b.value));
    },
    (own: Two, input: tf.Tensor) => tf.sin(tf.add(input, own.a.value)),
    m,
    h,
  );
  return tf.sum(y);
}

describe.each(["cpu", "wasm"])("a gradient through a recorded choice on %s", (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
    await tf.ready();
  });
  afterAll(() => tf.setBackend("cpu"));

  const inputs = [
    [1, 1, 1],
    [-1, -2, -1],
    [0.5, -3, 2],
    [2, 0.25, 1],
  ];

  it("is that of the branch that each call takes, bit for bit", () => {
    const step = valueAndGrad((m: Two, x: tf.Tensor) => loss(m, x));
    const recorded = jit((m: Two, x: tf.Tensor) => step(m, x));
    const [plain, fast] = [new Two(), new Two()];
    for (const values of [...inputs, ...inputs]) {
      const x = tf.tensor1d(values);
      const [expected, found] = [step(plain, x), recorded(fast, x)];
      expect(numbers(found)).toEqual(numbers(expected));
      expect(numbers(fast.calls.value)).toEqual(numbers(plain.calls.value));
      dispose([expected, found, x]);
    }
    expect(recorded.programs).toHaveLength(1);
    expect(recorded.programs[0]?.replays).toBe(7);
    recorded.dispose();
    dispose([plain, fast]);
  });

  it("leaves no tensors", () => {
    const m = new Two();
    const recorded = jit((each: Two, x: tf.Tensor) => grad(loss)(each, x));
    const x = tf.tensor1d([1, 1, 1]);
    const y = tf.tensor1d([-1, -1, -1]);
    dispose([recorded(m, x), recorded(m, y)]);
    const before = tf.memory().numTensors;
    for (let i = 0; i < 20; i++) dispose(recorded(m, i % 2 ? x : y));
    expect(tf.memory().numTensors).toBe(before);
    recorded.dispose();
    dispose([m, x, y]);
  });

  it("goes through switch, and through a choice inside of a choice", () => {
    const f = (x: tf.Tensor): tf.Tensor => {
      const index = tf.cast(tf.clipByValue(tf.floor(tf.sum(x)), 0, 2), "int32");
      const y = switchTo(
        index,
        [
          (v: tf.Tensor) => tf.mul(v, 3) as tf.Tensor,
          (v: tf.Tensor) =>
            cond(
              tf.less(tf.max(v), 1),
              (w: tf.Tensor) => tf.exp(w) as tf.Tensor,
              (w: tf.Tensor) => tf.square(w) as tf.Tensor,
              v,
            ),
          (v: tf.Tensor) => tf.tanh(v) as tf.Tensor,
        ],
        tf.mul(x, 0.5) as tf.Tensor,
      );
      return tf.sum(y);
    };
    const plain = grad(f);
    const recorded = jit((x: tf.Tensor) => grad(f)(x));
    for (const values of [
      [0.1, 0.2],
      [1, 0.5],
      [-3, 4.5],
      [2, 2],
      [0.3, 0.9],
    ]) {
      const x = tf.tensor1d(values);
      const [expected, found] = [plain(x), recorded(x)];
      expect(numbers(found)).toEqual(numbers(expected));
      dispose([expected, found, x]);
    }
    expect(recorded.programs).toHaveLength(1);
    recorded.dispose();
  });
});

it("asks for intermediate values as operands", () => {
  const f = jit((a: tf.Tensor) =>
    grad((v: tf.Tensor) => {
      const h = tf.square(v);
      const y = cond(
        tf.greater(tf.sum(v), 0),
        () => tf.mul(h, 2) as tf.Tensor,
        () => h as tf.Tensor,
      );
      return tf.sum(y);
    })(a),
  );
  const x = tf.tensor1d([1, 2]);
  expect(() => f(x)).toThrow(/^cond: expected a function that gets the values it uses as arguments/);
  x.dispose();
});
