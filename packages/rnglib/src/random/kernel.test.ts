import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { broadcastShapes, expand, valuesOf } from "./kernel.ts";
import { cholesky, orthonormalColumns, symmetricEigen } from "./linalg.ts";
import { cumulativeSum, cumulativeSumFromEnd, largest } from "./scan.ts";

describe("expand", () => {
  const shapes = fc
    .array(fc.record({ size: fc.integer({ min: 0, max: 4 }), one: fc.boolean() }), { maxLength: 4 })
    .chain((axes) =>
      fc.record({
        to: fc.constant(axes.map(({ size }) => size)),
        from: fc.nat(axes.length).map((skip) => axes.slice(skip).map(({ size, one }) => (one ? 1 : size))),
      }),
    );
  it("repeats values as tf.broadcastTo", () => {
    fc.assert(
      fc.property(shapes, ({ from, to }) => {
        expect(broadcastShapes("test", from, to)).toEqual(to);
        const x = tf.reshape(tf.range(1, from.reduce((a, b) => a * b, 1) + 1), from);
        const expected = to.includes(0) ? [] : [...tf.broadcastTo(x, to).dataSync()];
        expect([...expand(valuesOf("test", x), to)]).toEqual(expected);
      }),
    );
  });
});

describe("scans", () => {
  const lists = fc
    .array(fc.integer({ min: 0, max: 1000 }), { maxLength: 600 })
    .map((x) => Float32Array.from(x));
  it("sum from both ends; whole numbers have no roundings", () => {
    fc.assert(
      fc.property(lists, (x) => {
        let total = 0;
        expect([...cumulativeSum(x)]).toEqual(Array.from(x, (value) => (total += value)));
        expect([...cumulativeSumFromEnd(x)]).toEqual([...cumulativeSum(x.slice().reverse())].reverse());
      }),
    );
  });

  it("largest sorts down and keeps the order of equals", () => {
    expect([...largest(Float32Array.of(1, 3, Number.NaN, 3, -Infinity), 5)]).toEqual([2, 1, 3, 0, 4]);
    expect([...largest(Float32Array.of(5, 6, 7), 2)]).toEqual([2, 1]);
  });
});

describe("decompositions", () => {
  const sizes = fc.record({ n: fc.integer({ min: 1, max: 6 }), seed: fc.nat() });
  const matrix = (n: number, m: number, seed: number): tf.Tensor2D =>
    tf.randomNormal([n, m], 0, 1, "float32", seed + 1) as tf.Tensor2D;
  const error = (a: tf.Tensor, b: tf.Tensor): number => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;
  const tensor = (x: Float64Array, n: number, m: number): tf.Tensor2D =>
    tf.tensor2d(Float32Array.from(x), [n, m]);

  it("orthonormalColumns is the Q of a QR with a positive diagonal", () => {
    fc.assert(
      fc.property(sizes, fc.nat(3), ({ n, seed }, more) => {
        const a = matrix(n + more, n, seed);
        const q = tensor(orthonormalColumns(Float64Array.from(a.dataSync()), n + more, n), n + more, n);
        expect(error(tf.matMul(q, q, true), tf.eye(n))).toBeLessThan(1e-5);
        const r = tf.matMul(q, a, true).arraySync() as number[][];
        for (let i = 0; i < n; i++) {
          expect(r[i]![i]).toBeGreaterThan(0);
          for (let j = 0; j < i; j++) expect(Math.abs(r[i]![j]!)).toBeLessThan(1e-4);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("cholesky and symmetricEigen give back the matrix", () => {
    fc.assert(
      fc.property(sizes, ({ n, seed }) => {
        const a = matrix(n, n, seed);
        const spd = tf.add(tf.matMul(a, a, false, true), tf.eye(n)) as tf.Tensor2D;
        const data = Float64Array.from(spd.dataSync());
        const l = tensor(cholesky(data, n), n, n);
        expect(error(tf.matMul(l, l, false, true), spd)).toBeLessThan(1e-4);
        const { values, vectors } = symmetricEigen(data, n);
        const v = tensor(vectors, n, n);
        expect(
          error(tf.matMul(tf.mul(v, tf.tensor1d(Float32Array.from(values))), v, false, true), spd),
        ).toBeLessThan(1e-4);
        expect([...values]).toEqual([...values].sort((x, y) => x - y));
      }),
      { numRuns: 30 },
    );
  });
});
