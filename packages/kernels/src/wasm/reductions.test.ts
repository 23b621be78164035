import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { mendKernels } from "../mend-kernels.ts";
import { sumTo } from "../quick/broadcasting.ts";
import { useWasmKernels } from "./module.ts";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

/** What a reduction is, of float64 numbers in order. */
const references: Readonly<Record<string, (values: readonly number[]) => number>> = {
  sum: (values) => values.reduce((a, b) => a + b, 0),
  mean: (values) => values.reduce((a, b) => a + b, 0) / values.length,
  max: (values) => Math.max(...values),
  min: (values) => Math.min(...values),
  prod: (values) => values.reduce((a, b) => a * b, 1),
  all: (values) => +values.every((value) => value !== 0),
  any: (values) => +values.some((value) => value !== 0),
  argMax: (values) => values.indexOf(Math.max(...values)),
  argMin: (values) => values.indexOf(Math.min(...values)),
};
type Op = (x: tf.Tensor, axis: number | number[], keepDims?: boolean) => tf.Tensor;
const ops = tf as unknown as Readonly<Record<string, Op>>;

/** Each result's values, by the plainest way there is. */
function expected(
  name: string,
  values: ArrayLike<number>,
  shape: readonly number[],
  axes: readonly number[],
): number[] {
  const groups = new Map<number, number[]>();
  for (let i = 0; i < values.length; i++) {
    let [rest, key, step] = [i, 0, 1];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const size = shape[axis]!;
      if (!axes.includes(axis)) {
        key += (rest % size) * step;
        step *= size;
      }
      rest = Math.floor(rest / size);
    }
    groups.set(key, [...(groups.get(key) ?? []), values[i]!]);
  }
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => references[name]!(group));
}

/** Numbers around 1, and some that are not finite. */
function random(size: number, seed: number, special: readonly number[] = []): Float32Array {
  let state = seed;
  const next = (): number => (state = (state * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
  return Float32Array.from({ length: size }, () =>
    special.length > 0 && next() < 0.05 ? special[Math.floor(next() * special.length)]! : 2.5 * next() - 1,
  );
}

const SHAPES: readonly (readonly [shape: number[], axes: number[]])[] = [
  [[7], [0]],
  [[1], [0]],
  [[3, 1], [1]],
  [[5, 37], [1]],
  [[5, 37], [0]],
  [
    [5, 37],
    [0, 1],
  ],
  [[200, 19], [0]],
  [
    [2, 1, 9, 16],
    [0, 2],
  ],
  [[4, 6, 3], [1]],
  [[4, 6, 35], [1]],
  [
    [3, 4, 5, 6],
    [0, 2],
  ],
  [
    [3, 4, 5, 6],
    [1, 3],
  ],
  [
    [3, 4, 5, 6],
    [1, 2],
  ],
  [
    [2, 2, 2, 2, 2, 2, 2],
    [1, 3, 5],
  ],
  [[300, 2], [0]],
];

onEachBackend("reductions", () => {
  beforeAll(() => mendKernels());
  afterAll(() => useWasmKernels(true));

  it.each(Object.keys(references))("%s agrees with float64 along any axes", (name) => {
    const isLogical = name === "all" || name === "any";
    const isPlace = name.startsWith("arg");
    for (const [n, [shape, axes]] of SHAPES.entries()) {
      if (isPlace && axes.length > 1) continue;
      // A product of what over- and underflows depends on the order.
      const kinds = name === "prod" ? [[], [nan]] : [[], [nan], [inf, -0], [inf, -inf, 1e-40]];
      for (const special of isPlace ? [[]] : kinds) {
        const floats = random(tf.util.sizeFromShape(shape), n + 1, special);
        const values = isLogical ? Uint8Array.from(floats, (value) => +(value > -0.9)) : floats;
        const x = tf.tensor(values, shape, isLogical ? "bool" : "float32");
        const before = [tf.memory().numTensors, tf.backend().numDataIds()];
        const y = isPlace ? ops[name]!(x, axes[0]!) : ops[name]!(x, axes, true);
        const wanted = expected(name, values, shape, axes);
        if (!isPlace) expect(y.shape).toEqual(shape.map((size, axis) => (axes.includes(axis) ? 1 : size)));
        const count = x.size / y.size;
        for (const [i, value] of y.dataSync().entries()) {
          const want = wanted[i]!;
          const allowed =
            name === "max" || name === "min" ? 0 : 2e-7 * Math.max(Math.abs(want), Math.sqrt(count));
          const isRight = Object.is(value, want) || Math.abs(value - want) <= allowed;
          if (!isRight)
            expect.fail(`${name} of [${shape.join()}] over ${axes.join()}: ${value}, not ${want}`);
        }
        y.dispose();
        expect([tf.memory().numTensors, tf.backend().numDataIds()]).toEqual(before);
        x.dispose();
      }
    }
  });

  it("do not add up rounding errors of a million numbers", () => {
    const x = tf.fill([1_000_000, 1], 0.1);
    const exact = 1_000_000 * Math.fround(0.1);
    for (const sums of [
      tf.sum(x),
      tf.sum(tf.reshape(x, [250_000, 4]), 0),
      tf.sum(tf.reshape(x, [5, 200_000]), 1),
    ])
      for (const sum of sums.dataSync()) expect(Math.abs((sum * sums.size) / exact - 1)).toBeLessThan(1e-5);
  });

  it("leave whole numbers, and what is off, to tensorflow.js", () => {
    const ints = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2], "int32");
    expect([...tf.sum(ints, 0).dataSync()]).toEqual([9, 12]);
    expect(tf.sum(ints, 0).dtype).toBe("int32");
    expect([...tf.max(ints, 0).dataSync()]).toEqual([5, 6]);
    expect([...tf.argMax(ints, 0).dataSync()]).toEqual([2, 2]);
    useWasmKernels(false);
    expect([...tf.sum(tf.cast(ints, "float32"), 0).dataSync()]).toEqual([9, 12]);
    useWasmKernels(true);
  });

  it("sum to a shape that was broadcast", () => {
    const x = tf.ones([4, 3, 5]);
    expect([...sumTo(x, [5]).dataSync()]).toEqual([12, 12, 12, 12, 12]);
    expect([...sumTo(x, [3, 1]).dataSync()]).toEqual([20, 20, 20]);
    expect([...sumTo(x, [4, 1, 5]).dataSync()]).toEqual(Array<number>(20).fill(3));
    expect(sumTo(x, []).dataSync()[0]).toBe(60);
    expect(sumTo(x, [1, 1, 1]).shape).toEqual([1, 1, 1]);
  });
});
