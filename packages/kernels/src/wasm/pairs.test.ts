import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { mendKernels } from "../mend-kernels.ts";
import { aboveOf } from "../own/comparisons.ts";
import { sizeOf } from "../shape.ts";

let seed = 7;
function random(): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
}

const specials = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1e-40, 1, -1, 3e38];

/** Numbers of which many are equal, and some are special. */
const numbers = (size: number): Float32Array =>
  Float32Array.from({ length: size }, () =>
    random() < 0.2 ? specials[Math.floor(random() * specials.length)]! : Math.round(random() * 40 - 20) / 4,
  );

/** Element i of the broadcast shape, of an operand. */
function at(x: Float32Array, own: readonly number[], shape: readonly number[], i: number): number {
  let [place, step, rest] = [0, 1, i];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const index = rest % shape[axis]!;
    rest = Math.floor(rest / shape[axis]!);
    const size = own[axis - shape.length + own.length] ?? 1;
    if (size > 1) place += index * step;
    step *= size;
  }
  return x[place]!;
}

const shapes: readonly (readonly [number[], number[]])[] = [
  [[131], [131]],
  [[133], [1]],
  [[], [257]],
  [[40, 7], [7]],
  [
    [40, 7],
    [40, 1],
  ],
  [
    [1, 5],
    [30, 1],
  ],
  [
    [3, 50, 2],
    [3, 1, 2],
  ],
  [
    [4, 1, 6, 1],
    [1, 5, 1, 9],
  ],
  [
    [2, 3, 4, 5, 6],
    [3, 1, 5, 1],
  ],
  [
    [2, 1, 3, 1, 2, 1, 5, 1],
    [1, 2, 1, 2, 1, 3, 1, 2],
  ],
  [[300, 3], [3]],
  [[150, 1], [1]],
  [[3], [3]],
  [
    [2, 0, 3],
    [1, 3],
  ],
];

type Pair = (a: number, b: number) => number;
const arithmetic: Readonly<Record<string, readonly [(a: tf.Tensor, b: tf.Tensor) => tf.Tensor, Pair]>> = {
  add: [tf.add, (a, b) => a + b],
  sub: [tf.sub, (a, b) => a - b],
  mul: [tf.mul, (a, b) => a * b],
  div: [tf.div, (a, b) => a / b],
  maximum: [tf.maximum, Math.max],
  minimum: [tf.minimum, Math.min],
  squaredDifference: [tf.squaredDifference, (a, b) => (a - b) * (a - b)],
  above: [(a, b) => aboveOf(a, b)!, (a, b) => (+(a > b) + +(a >= b)) / 2],
};
const comparisons: typeof arithmetic = {
  greater: [tf.greater, (a, b) => +(a > b)],
  greaterEqual: [tf.greaterEqual, (a, b) => +(a >= b)],
  less: [tf.less, (a, b) => +(a < b)],
  lessEqual: [tf.lessEqual, (a, b) => +(a <= b)],
  equal: [tf.equal, (a, b) => +(a === b)],
  notEqual: [tf.notEqual, (a, b) => +(a !== b)],
};

onEachBackend("kernels of two tensors", () => {
  it.each(Object.entries({ ...arithmetic, ...comparisons }))("%s in any shapes", (name, [op, reference]) => {
    mendKernels();
    for (const [a, b] of [...shapes, ...shapes.map(([x, y]) => [y, x] as const)]) {
      const [x, y] = [numbers(sizeOf(a)), numbers(sizeOf(b))];
      const shape = tf.backend_util.assertAndGetBroadcastShape(a, b);
      const before = [tf.memory().numTensors, tf.backend().numDataIds()];
      const result = tf.tidy(() => {
        const made = op(tf.tensor(x, a), tf.tensor(y, b));
        return { shape: made.shape, dtype: made.dtype, values: [...made.dataSync()] };
      });
      expect([tf.memory().numTensors, tf.backend().numDataIds()]).toEqual(before);
      expect(result.shape).toEqual(shape);
      expect(result.dtype).toBe(name in comparisons ? "bool" : "float32");
      result.values.forEach((found, i) => {
        const [p, q] = [at(x, a, shape, i), at(y, b, shape, i)];
        const wanted = Math.fround(reference(p, q));
        // The sign of the larger of two zeros is not defined.
        const fits = Object.is(found, wanted) || (found === 0 && wanted === 0);
        if (!fits)
          expect.fail(
            `${name}(${p}, ${q}) in [${a.join()}] and [${b.join()}]: expected ${wanted}, got ${found}`,
          );
      });
    }
  });

  it("raise to powers", () => {
    mendKernels();
    const [x, y] = [numbers(300).map(Math.abs), numbers(20)];
    const expectPowers = (found: tf.Tensor, wanted: (x: number, i: number) => number): void => {
      found.dataSync().forEach((value, i) => {
        const exact = Math.fround(wanted(x[i]!, i));
        const fits = Object.is(value, exact) || Math.abs(value - exact) <= 2e-6 * Math.abs(exact);
        if (!fits) expect.fail(`number ${i}, of ${x[i]}: expected ${exact}, got ${value}`);
      });
    };
    tf.tidy(() => {
      const a = tf.tensor(x, [15, 20]);
      expectPowers(tf.pow(a, 2), (each) => each * each);
      // Powers of 1 are 1, also to infinities and NaN, which is not JavaScript's rule.
      expectPowers(tf.pow(a, tf.tensor(y, [20])), (each, i) => (each === 1 ? 1 : each ** y[i % 20]!));
      expect(tf.pow(a, tf.fill([1, 1, 1], 2)).shape).toEqual([1, 15, 20]);
      expect([...tf.pow(tf.fill([200], -3), 2).dataSync()]).toEqual(Array<number>(200).fill(9));
    });
  });

  it("keep whole numbers whole", () => {
    mendKernels();
    const x = tf.range(0, 200, 1, "int32");
    const sum = tf.add(x, tf.scalar(2 ** 30, "int32"));
    expect([sum.dtype, sum.dataSync()[199]]).toEqual(["int32", 2 ** 30 + 199]);
    expect(tf.greater(x, tf.scalar(100, "int32")).dataSync()[101]).toBe(1);
    expect(tf.maximum(x, tf.scalar(7, "int32")).dataSync()[3]).toBe(7);
  });

  it("choose, and combine booleans", () => {
    mendKernels();
    for (const size of [1, 15, 16, 130, 131, 1003]) {
      const a = Uint8Array.from({ length: size }, () => +(random() < 0.5));
      const b = Uint8Array.from({ length: size }, () => +(random() < 0.5));
      const [yes, no] = [numbers(size), numbers(size)];
      const before = [tf.memory().numTensors, tf.backend().numDataIds()];
      tf.tidy(() => {
        const [p, q] = [tf.tensor1d(a, "bool"), tf.tensor1d(b, "bool")];
        const chosen = tf.where(p, tf.tensor1d(yes), tf.tensor1d(no)).dataSync();
        expect([...chosen]).toEqual([...a].map((each, i) => (each ? yes : no)[i]));
        const ids = tf.range(0, size, 1, "int32");
        const wholes = tf.where(p, ids, tf.neg(ids));
        expect(wholes.dtype).toBe("int32");
        expect([...wholes.dataSync()]).toEqual([...a].map((each, i) => (each ? i : 0 - i)));
        expect([...tf.logicalAnd(p, q).dataSync()]).toEqual([...a].map((each, i) => each & b[i]!));
        expect([...tf.logicalOr(p, q).dataSync()]).toEqual([...a].map((each, i) => each | b[i]!));
        expect([...tf.logicalNot(p).dataSync()]).toEqual([...a].map((each) => 1 - each));
        const bools = tf.cast(tf.tensor1d(yes), "bool");
        expect([...bools.dataSync()]).toEqual([...yes].map((each) => +(each !== 0)));
        const sum = tf.addN([tf.tensor1d(yes), tf.tensor1d(no), tf.tensor1d(yes)]).dataSync();
        // tensorflow.js begins with 0, so that there is no -0.
        const zero = 0;
        expect([...sum].map((each) => each + zero)).toEqual(
          [...yes].map((each, i) => Math.fround(Math.fround(each + no[i]!) + each) + zero),
        );
      });
      expect([tf.memory().numTensors, tf.backend().numDataIds()]).toEqual(before);
    }
  });

  it("choose rows, and broadcast booleans, as tensorflow.js does", () => {
    mendKernels();
    const rows = tf.tensor1d([1, 0], "bool");
    const run = tf.engine().runKernel("Select", {
      condition: rows,
      t: tf.ones([2, 100]),
      e: tf.zeros([2, 100]),
    }) as tf.Tensor;
    expect([run.dataSync()[0], run.dataSync()[199]]).toEqual([1, 0]);
    const both = tf.logicalAnd(
      tf.ones([20, 10], "bool"),
      tf.tensor2d([1, 0, 1, 0, 1, 0, 1, 0, 1, 0], [1, 10], "bool"),
    );
    expect([...both.dataSync()].filter((each) => each === 1)).toHaveLength(100);
  });
});
