import { rowsOf, rowSumsOf, selectOf } from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import { beforeEach, expect, it } from "vitest";
import { onEachBackend } from "../../../scripts/use-backend.ts";
import { secondVjp, vjp } from "../cases/golden.ts";
import { installGradients } from "./install.ts";

const values = (x: tf.Tensor): number[] => [...x.dataSync()];

type F = (...xs: tf.Tensor[]) => tf.Tensor;

/** Expects values and gradients of both orders to be those of another way to compute the same. */
function expectLike(own: F, other: F, xs: tf.Tensor[]): void {
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const squared =
      (f: F) =>
      (...args: tf.Tensor[]): tf.Tensor =>
        tf.square(f(...args));
    const y = own(...xs);
    expect(values(y)).toEqual(values(other(...xs)));
    const dy = tf.reshape(tf.linspace(-1, 1, y.size), y.shape);
    const directions = xs.map((x) => tf.reshape(tf.linspace(0.5, 2, x.size), x.shape));
    const first = (f: F): number[][] => vjp(squared(f), xs, dy).map(values);
    expect(first(own)).toEqual(first(other));
    const second = (f: F): number[][] => secondVjp(squared(f), xs, dy, directions).map(values);
    const [ours, theirs] = [second(own), second(other)];
    for (const [i, list] of ours.entries())
      for (const [j, value] of list.entries()) expect(value).toBeCloseTo(theirs[i]![j]!, 4);
  });
  expect(tf.memory().numTensors).toBe(before);
}

onEachBackend("rules of own kernels", () => {
  beforeEach(() => installGradients());

  it("give a choice's gradient to what was chosen, summed over what was repeated", () => {
    const condition = tf.tensor([1, 0, 0, 1, 1, 0], [2, 1, 3], "bool");
    const t = tf.tensor([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [4, 3]);
    for (const e of [tf.scalar(3), tf.tensor([0.5, -1], [2, 1, 1]), tf.tensor1d([1, 2, 3])]) {
      expectLike(
        (x, y) => selectOf(condition, x!, y!)!,
        (x, y) => tf.where(condition, x!, y!),
        [t, e],
      );
    }
  });

  it("give no gradient, not even NaN, to what was not chosen", () => {
    const condition = tf.tensor1d([1, 0], "bool");
    const [dx] = vjp(
      (x) => selectOf(condition, x!, tf.scalar(1))!,
      [tf.tensor1d([1, 2])],
      tf.tensor1d([2, Number.NaN]),
    );
    expect(values(dx!)).toEqual([2, 0]);
  });

  it("add gradients to the rows that were taken, and take those of rows that were added to", () => {
    const ids = tf.tensor2d([0, -1, 2, 2, 7, -4], [2, 3], "int32");
    const wrapped = tf.tensor1d([0, 2, 2, 2], "int32");
    const table = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
    // Ids 7 and -4 have no row.
    const composed: F = (x) => tf.reshape(tf.concat([tf.gather(x!, wrapped), tf.zeros([2, 2])]), [2, 3, 2]);
    expectLike((x) => rowsOf(x!, ids, "zero")!, composed, [table]);
    const rows = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [2, 3, 2]);
    const sums: F = (x) =>
      tf.scatterND(tf.reshape(wrapped, [4, 1]), tf.slice(tf.reshape(x!, [6, 2]), [0, 0], [4, 2]), [3, 2]);
    expectLike((x) => rowSumsOf(x!, ids, 3)!, sums, [rows]);
  });

  it("gather counts negative batch axes from the end", () => {
    const ids = tf.tensor2d([1, 0, 1, 1], [2, 2], "int32");
    const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    expectLike(
      (t) => tf.gather(t!, ids, 1, -1),
      (t) => tf.gather(t!, ids, 1, 1),
      [x],
    );
  });
});
