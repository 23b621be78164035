import { capture, grad, Intermediate, Param, valueAndGrad } from "@nnxjs/nnx-core";
import { useWasmKernels } from "@nnxjs/kernels/internal";
import { random, Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, expect, it, vi } from "vitest";
import { relativeError } from "../../../../scripts/golden.ts";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import {
  Bidirectional,
  GRUCell,
  type LSTMCarry,
  LSTMCell,
  OptimizedLSTMCell,
  relu,
  RNN,
  type RNNCallOptions,
  type RNNCellBase,
  SimpleCell,
} from "../index.ts";

const options = () => ({ rngs: new Rngs(3) });

/** Each cell, and one of a subclass, which is called at each step. */
const cells: Record<string, () => [RNNCellBase<unknown>, RNNCellBase<unknown>]> = {
  LSTMCell: () => [new LSTMCell(3, 5, options()), new (class extends LSTMCell {})(3, 5, options())],
  OptimizedLSTMCell: () => [
    new OptimizedLSTMCell(3, 5, options()),
    new (class extends OptimizedLSTMCell {})(3, 5, options()),
  ],
  GRUCell: () => [new GRUCell(3, 5, options()), new (class extends GRUCell {})(3, 5, options())],
  SimpleCell: () => [new SimpleCell(3, 5, options()), new (class extends SimpleCell {})(3, 5, options())],
  "SimpleCell with residual": () => [
    new SimpleCell(3, 5, { residual: true, ...options() }),
    new (class extends SimpleCell {})(3, 5, { residual: true, ...options() }),
  ],
  "GRUCell with other activations": () => {
    const others = { gateFn: relu, activationFn: (x: tf.Tensor) => tf.sin(x) };
    return [
      new GRUCell(3, 5, { ...others, ...options() }),
      new (class extends GRUCell {})(3, 5, { ...others, ...options() }),
    ];
  },
};

const tensorsIn = (x: unknown): tf.Tensor[] =>
  x instanceof tf.Tensor ? [x] : (x as unknown[]).flatMap(tensorsIn);
const close = (a: tf.Tensor, b: tf.Tensor, within = 3e-6) => {
  expect(a.shape).toEqual(b.shape);
  expect(relativeError(a.dataSync(), b.dataSync())).toBeLessThan(within);
};

const allClose = (a: readonly tf.Tensor[], b: readonly tf.Tensor[], within?: number) => {
  expect(a.length).toBe(b.length);
  for (const [i, each] of a.entries()) close(each, b[i]!, within);
};

const ways: [string, RNNCallOptions<unknown, true>][] = [
  ["forwards", {}],
  ["backwards", { reverse: true }],
  ["backwards in order", { reverse: true, keepOrder: true }],
  ["to their lengths", { seqLengths: [4, 1] }],
  ["backwards from their lengths", { seqLengths: [2, 3], reverse: true }],
  ["backwards from their lengths, in order", { seqLengths: [2, 0], reverse: true, keepOrder: true }],
];

onEachBackend("a cell over all steps", () => {
  afterEach(() => useWasmKernels(true));
  const x = (shape = [2, 4, 3]) => random.normal(random.key(1), shape);

  it.each(Object.keys(cells))("%s is not called, and equals one that is", (name) => {
    for (const [way, how] of ways) {
      for (const timeMajor of [false, true]) {
        tf.tidy(() => {
          const [cell, plain] = cells[name]!();
          const called = vi.spyOn(plain, "forward");
          const given = timeMajor ? tf.transpose(x(), [1, 0, 2]) : x();
          const call = { ...how, timeMajor, returnCarry: true as const };
          const actual = tensorsIn(new RNN(cell).forward(given, call));
          const wanted = tensorsIn(new RNN(plain).forward(given, call));
          expect(called, way).toHaveBeenCalledTimes(4);
          allClose(actual, wanted);
        });
      }
    }
  });

  it.each(Object.keys(cells))("%s has the same gradients, with kernels and without", (name) => {
    const lossOf =
      (how: RNNCallOptions<unknown, true>) => (m: RNN<unknown>, input: tf.Tensor, first: unknown) => {
        const outputs = tensorsIn(m.forward(input, { ...how, returnCarry: true, initialCarry: first }));
        return tf.addN(outputs.map((y, i) => tf.mean(tf.mul(y, tf.cos(tf.add(y, i)))))) as tf.Scalar;
      };
    for (const isOn of [true, false]) {
      useWasmKernels(isOn);
      for (const [, how] of ways) {
        tf.tidy(() => {
          const [cell, plain] = cells[name]!();
          const first = cell.initializeCarry([2, 3], { carryInit: initialCarry, rngs: new Rngs(5) });
          const all = [cell, plain].map((each) =>
            grad(lossOf(how), { argnums: [0, 1, 2] })(new RNN(each), x(), first as tf.Tensor),
          );
          const [actual, wanted] = all.map((grads) => gradientsIn(grads));
          expect(actual!.length).toBeGreaterThan(3);
          allClose(actual!, wanted!, 2e-5);
        });
      }
    }
  });

  it.each(Object.keys(cells))("%s has the same second gradients", (name) => {
    tf.tidy(() => {
      const slopes = cells[name]!().map((cell) => {
        const rnn = new RNN(cell);
        const inner = (input: tf.Tensor) => tf.sum(tf.square(rnn.forward(input, { reverse: true })));
        const outer = (input: tf.Tensor) => tf.sum(tf.square(grad(inner)(input) as tf.Tensor));
        return grad(outer)(x()) as tf.Tensor;
      });
      close(slopes[0]!, slopes[1]!, 2e-5);
    });
  });

  it.each([0, 1])("goes backwards as forwards through reversed sequences, gradients too", (which) => {
    tf.tidy(() => {
      for (const name of Object.keys(cells)) {
        const rnn = new RNN(cells[name]!()[which]!);
        const weights = x([2, 4, 5]);
        const loss = (f: (input: tf.Tensor) => tf.Tensor) => (input: tf.Tensor) =>
          tf.sum(tf.mul(f(input), weights));
        const [back, ahead] = [
          loss((input) => rnn.forward(input, { reverse: true })),
          loss((input) => rnn.forward(tf.reverse(input, 1))),
        ].map((f) => grad(f)(x()) as tf.Tensor);
        close(back!, ahead!);
      }
    });
  });

  it("leaves no tensors", () => {
    const rnn = new RNN(new LSTMCell(3, 5, options()));
    const given = x();
    const step = () =>
      tf.tidy(() => {
        valueAndGrad((m: typeof rnn) => tf.mean(m.forward(given, { seqLengths: [1, 3] })))(rnn);
      });
    step();
    const before = [tf.memory().numTensors, tf.backend().numDataIds()];
    step();
    expect([tf.memory().numTensors, tf.backend().numDataIds()]).toEqual(before);
  });

  it("takes several batch axes, and single steps", () => {
    tf.tidy(() => {
      const [cell, plain] = cells.LSTMCell!();
      for (const shape of [
        [2, 3, 4, 3],
        [4, 3],
        [2, 1, 3],
      ]) {
        const [a, b] = [cell, plain].map((each) =>
          tensorsIn(new RNN(each).forward(x(shape), { returnCarry: true })),
        );
        allClose(a!, b!);
      }
    });
  });

  it("calls cells that are captured, changed, or made of other layers", () => {
    tf.tidy(() => {
      const rnn = new RNN(new GRUCell(3, 5, options()));
      const [, seen] = capture(rnn, Intermediate, { methodOutputs: Intermediate })(x());
      expect(JSON.stringify(Object.keys(seen))).toContain("cell");
      const plain = rnn.forward(x());

      const own = new GRUCell(3, 5, options());
      const calls = vi.spyOn(own, "forward");
      close(new RNN(own).forward(x()), plain);
      expect(calls).toHaveBeenCalledTimes(4);

      const scaled = new GRUCell(3, 5, options());
      vi.spyOn(scaled.dense_h, "forward").mockImplementation((h) => tf.zeros([h.shape[0]!, 15]));
      expect(relativeError(new RNN(scaled).forward(x()).dataSync(), plain.dataSync())).toBeGreaterThan(0.01);

      class Doubled extends Param<tf.Tensor> {
        override getValue(): tf.Tensor {
          return tf.mul(super.getValue(), 2);
        }
      }
      const doubled = new GRUCell(3, 5, options());
      Reflect.set(doubled.dense_h, "kernel", new Doubled(doubled.dense_h.kernel.value));
      expect(relativeError(new RNN(doubled).forward(x()).dataSync(), plain.dataSync())).toBeGreaterThan(0.01);
    });
  });

  it("refuses what the cell refuses, and takes what it takes", () => {
    tf.tidy(() => {
      const rnn = new RNN(new LSTMCell(3, 5, options()));
      expect(() => rnn.forward(x([2, 4, 2]))).toThrow(
        /LSTMCell\.forward: expected inputs of shape \[\.\.\., 3\]/,
      );
      const bad = tf.zeros([2, 5]) as unknown as LSTMCarry;
      expect(() => rnn.forward(x(), { initialCarry: bad })).toThrow(/expected carry to be the pair \[c, h\]/);
      // A carry that broadcasts, and whole numbers.
      const row = (): LSTMCarry => [tf.fill([1, 5], 0.5), tf.fill([1, 5], 0.25)];
      const full = (): LSTMCarry => [tf.fill([2, 5], 0.5), tf.fill([2, 5], 0.25)];
      close(rnn.forward(x(), { initialCarry: row() }), rnn.forward(x(), { initialCarry: full() }));
      const ints = tf.cast(tf.mul(x(), 3), "int32");
      close(rnn.forward(ints), rnn.forward(tf.cast(ints, "float32")));
    });
  });

  it("gives Bidirectional the same", () => {
    tf.tidy(() => {
      const [a, b] = [0, 1].map(
        (i) => new Bidirectional(new RNN(cells.GRUCell!()[i]!), new RNN(cells.GRUCell!()[i]!)),
      );
      close(a!.forward(x(), { seqLengths: [3, 2] }), b!.forward(x(), { seqLengths: [3, 2] }));
    });
  });
});

const initialCarry = (key: Parameters<typeof random.normal>[0], shape: readonly number[]) =>
  random.normal(key, [...shape]);

/** The gradients of the model, and then of the other arguments. */
const gradientsIn = ([ofModel, ...others]: readonly unknown[]): tf.Tensor[] => [
  ...Object.values(flat(ofModel)),
  ...others.flatMap(tensorsIn),
];

function flat(node: unknown): Record<string, tf.Tensor> {
  const found: Record<string, tf.Tensor> = {};
  const visit = (each: unknown, path: string): void => {
    if (typeof each !== "object" || each === null) return;
    if (each instanceof tf.Tensor) found[path] = each;
    else for (const key of Object.keys(each).sort()) visit(Reflect.get(each, key), `${path}.${key}`);
  };
  visit(node, "");
  return found;
}
