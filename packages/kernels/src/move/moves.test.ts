import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { mendKernels } from "../mend-kernels.ts";
import { useWasmKernels } from "../wasm/module.ts";

type Dtype = "float32" | "int32" | "bool";
const dtypes: readonly Dtype[] = ["float32", "int32", "bool"];

/** A tensor as the tests see it: the place of every element, and its value. */
interface Plain {
  readonly shape: readonly number[];
  readonly at: (place: readonly number[]) => number;
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Random whole numbers, the same for every run. */
function randoms(seed: number): (below: number) => number {
  let state = seed + 1;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const SPECIAL = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 1e-42, 3.4e38];

/** A tensor with other elements everywhere, and now and then a number that is no usual one. */
function tensorIn(shape: readonly number[], dtype: Dtype, random: (below: number) => number): tf.Tensor {
  const values = Array.from({ length: sizeOf(shape) }, (_, i) => {
    if (dtype === "bool") return random(2);
    return dtype === "float32" && random(9) === 0 ? SPECIAL[random(SPECIAL.length)]! : i + 0.5 * random(2);
  });
  return tf.tensor(values, [...shape], dtype);
}

const placeOf = (index: number, shape: readonly number[]): number[] => {
  const place: number[] = [];
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    place[axis] = rest % shape[axis]!;
    rest = Math.floor(rest / shape[axis]!);
  }
  return place;
};

function plainOf(x: tf.Tensor): Plain {
  const values = x.dataSync();
  return {
    shape: x.shape,
    at: (place) => values[place.reduce((index, at, axis) => index * x.shape[axis]! + at, 0)]!,
  };
}

/** Compares bits of the values: NaN is NaN, and −0 is not 0. Frees the tensors. */
function expectSame(actual: tf.Tensor, expected: Plain, dtype: Dtype): void {
  expect([actual.shape, actual.dtype]).toEqual([expected.shape, dtype]);
  const values = actual.dataSync();
  const wrong = [...values].findIndex(
    (value, i) => !Object.is(value, expected.at(placeOf(i, expected.shape))),
  );
  expect(wrong).toBe(-1);
  actual.dispose();
}

const SHAPES = [
  [],
  [1],
  [0],
  [7],
  [3, 5],
  [0, 4],
  [4, 0, 3],
  [70, 67],
  [5, 1, 130],
  [2, 3, 4, 5],
  [4, 8, 16, 3],
  [1, 2, 1, 3, 1, 2, 3, 2],
];

onEachBackend("moving elements", () => {
  beforeEach(() => mendKernels());
  describe.each([true, false])("with WebAssembly: %s", (on) => {
    beforeEach(() => useWasmKernels(on));
    afterEach(() => useWasmKernels(true));

    it.each(dtypes)("cuts, joins, turns, repeats and pads %s", (dtype) => {
      const random = randoms(dtype.length);
      for (const shape of SHAPES) {
        const before = [tf.memory().numTensors, tf.backend().numDataIds()];
        const x = tensorIn(shape, dtype, random);
        const from = plainOf(x);
        const axes = shape.map((_, axis) => axis);

        const begin = shape.map((n) => random(n + 1));
        const size = shape.map((n, axis) => random(n - begin[axis]! + 1));
        if (shape.length > 0) {
          const at = (place: readonly number[]): number => from.at(place.map((i, axis) => i + begin[axis]!));
          expectSame(tf.slice(x, begin, size), { shape: size, at }, dtype);
        }

        const perm = axes.map((axis) => ({ axis, by: random(1000) })).sort((a, b) => a.by - b.by);
        const order = perm.map(({ axis }) => axis);
        expectSame(
          tf.transpose(x, order),
          {
            shape: order.map((axis) => shape[axis]!),
            at: (place) => from.at(axes.map((axis) => place[order.indexOf(axis)]!)),
          },
          dtype,
        );

        const reps = shape.map(() => random(4));
        expectSame(
          tf.tile(x, reps),
          {
            shape: shape.map((n, axis) => n * reps[axis]!),
            at: (place) => from.at(place.map((i, axis) => i % shape[axis]!)),
          },
          dtype,
        );

        const turned = axes.filter(() => random(2) === 1);
        const reversed = tf.engine().runKernel("Reverse", { x }, { dims: turned }) as tf.Tensor;
        expectSame(
          reversed,
          {
            shape,
            at: (place) =>
              from.at(place.map((i, axis) => (turned.includes(axis) ? shape[axis]! - 1 - i : i))),
          },
          dtype,
        );

        const widths = shape.map((): [number, number] => [random(3), random(3)]);
        const inside = (place: readonly number[]): boolean =>
          place.every((i, axis) => i >= 0 && i < shape[axis]!);
        expectSame(
          tf.engine().runKernel("PadV2", { x }, { paddings: widths, constantValue: 1 }) as tf.Tensor,
          {
            shape: shape.map((n, axis) => n + widths[axis]![0] + widths[axis]![1]),
            at: (place) => {
              const own = place.map((i, axis) => i - widths[axis]![0]);
              return inside(own) ? from.at(own) : 1;
            },
          },
          dtype,
        );

        for (const axis of axes) {
          const other = tensorIn(
            shape.map((n, i) => (i === axis ? random(4) : n)),
            dtype,
            random,
          );
          const second = plainOf(other);
          const [n, m] = [shape[axis]!, other.shape[axis]!];
          const along = (place: readonly number[], by: number): number[] =>
            place.map((i, j) => (j === axis ? i - by : i));
          expectSame(
            tf.concat([x, other, x], axis),
            {
              shape: shape.map((size, i) => (i === axis ? 2 * n + m : size)),
              at: (place) => {
                const at = place[axis]!;
                if (at < n) return from.at(place);
                return at < n + m ? second.at(along(place, n)) : from.at(along(place, n + m));
              },
            },
            dtype,
          );
          const cut = random(n + 1);
          const halves = tf.split(x, [cut, n - cut], axis);
          for (const [i, half] of halves.entries()) {
            const by = i === 0 ? 0 : -cut;
            expectSame(half, { shape: half.shape, at: (place) => from.at(along(place, by)) }, dtype);
          }
          expect(halves.map((half) => half.shape[axis])).toEqual([cut, n - cut]);
          const without = (place: readonly number[]): number[] => place.filter((_, i) => i !== axis);
          const rows = tf.unstack(x, axis);
          expect(rows.length).toBe(n);
          for (const [i, row] of rows.entries()) {
            const at = (place: readonly number[]): number =>
              from.at([...place.slice(0, axis), i, ...place.slice(axis)]);
            expectSame(row, { shape: without(shape), at }, dtype);
          }
          other.dispose();
        }
        for (const axis of [...axes, shape.length]) {
          expectSame(
            tf.stack([x, x, x], axis),
            {
              shape: [...shape.slice(0, axis), 3, ...shape.slice(axis)],
              at: (place) => from.at(place.filter((_, i) => i !== axis)),
            },
            dtype,
          );
          expectSame(
            tf.stack([x], axis),
            {
              shape: [...shape.slice(0, axis), 1, ...shape.slice(axis)],
              at: (place) => from.at(place.filter((_, i) => i !== axis)),
            },
            dtype,
          );
        }
        expectSame(tf.clone(x), from, dtype);
        expectSame(tf.cast(x, dtype), from, dtype);
        x.dispose();
        expect([tf.memory().numTensors, tf.backend().numDataIds()]).toEqual(before);
      }
    });

    it.each(dtypes)("takes every other element of %s", (dtype) => {
      const x = tensorIn([5, 6, 7], dtype, randoms(5));
      const from = plainOf(x);
      const every = (...args: unknown[]): tf.Tensor =>
        (tf.stridedSlice as (...all: unknown[]) => tf.Tensor)(x, ...args);
      expectSame(
        every([1, 5, 0], [5, 0, 7], [2, -2, 3]),
        { shape: [2, 3, 3], at: ([i, j, k]) => from.at([1 + 2 * i!, 5 - 2 * j!, 3 * k!]) },
        dtype,
      );
      // The second axis shrinks, and the first is taken whole.
      expectSame(
        every([0, 2, 1], [0, 0, 6], [1, 1, 2], 1, 1, 0, 0, 2),
        { shape: [5, 3], at: ([i, k]) => from.at([i!, 2, 1 + 2 * k!]) },
        dtype,
      );
      // An axis is new, and the ellipsis takes the others.
      expectSame(
        every([0, 0, 1], [0, 0, 7], [1, 1, 2], 0, 0, 1, 2),
        { shape: [5, 6, 1, 3], at: ([i, j, , k]) => from.at([i!, j!, 1 + 2 * k!]) },
        dtype,
      );
      expectSame(every([4, 0, 0], [1, 6, 7], [1, 1, 1]), { shape: [0, 6, 7], at: () => 0 }, dtype);
      expectSame(every([0, 0, 0], [5, 6, 7]), from, dtype);
      x.dispose();
    });

    it("moves what is larger than a cache, across and along", () => {
      const x = tensorIn([130, 517], "float32", randoms(1));
      const from = plainOf(x);
      expectSame(tf.transpose(x), { shape: [517, 130], at: ([i, j]) => from.at([j!, i!]) }, "float32");
      const column = tf.slice(x, [0, 3], [130, 1]);
      expectSame(tf.tile(column, [1, 301]), { shape: [130, 301], at: ([i]) => from.at([i!, 3]) }, "float32");
      tf.dispose([x, column]);
    });
  });

  it("leaves strings and tensors of different dtypes to tensorflow.js", () => {
    const words = tf.tensor2d(["a", "b", "c", "d"], [2, 2]);
    expect(tf.slice(words, [0, 1], [2, 1]).dataSync()).toEqual(["b", "d"]);
    const mixed = tf.concat([tf.tensor1d([1, 2], "int32"), tf.tensor1d([3, 4])]);
    expect([...mixed.dataSync()]).toEqual([1, 2, 3, 4]);
    words.dispose();
  });

  it("reads what a cast that changes nothing has left in an array of another dtype", () => {
    const x = tf.cast(tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3], "int32"), "float32");
    expect([...tf.transpose(x).dataSync()]).toEqual([1, 4, 2, 5, 3, 6]);
    expect([...tf.slice(x, [1, 0], [1, 3]).dataSync()]).toEqual([4, 5, 6]);
    const bits = tf.cast(tf.tensor2d([1, 0, 0, 1, 1, 1], [2, 3], "bool"), "int32");
    expect([
      ...tf
        .pad(bits, [
          [0, 0],
          [1, 0],
        ])
        .dataSync(),
    ]).toEqual([0, 1, 0, 0, 0, 1, 1, 1]);
  });

  it("refuses what does not fit", () => {
    const x = tf.zeros([2, 3]);
    expect(() => tf.engine().runKernel("Slice", { x }, { begin: [0, 2], size: [2, 3] })).toThrow();
    const call = (name: string, xs: tf.Tensor[], attrs: tf.NamedAttrMap): unknown =>
      tf.engine().runKernel(name, xs as unknown as tf.NamedTensorMap, attrs);
    expect(() => call("Concat", [x, tf.zeros([3, 3])], { axis: 1 })).toThrow();
    expect(() => call("Pack", [x, tf.zeros([3, 3])], { axis: 0 })).toThrow("matching shapes");
    x.dispose();
  });
});
