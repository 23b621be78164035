/** @file Tensors that are attributes of modules which a slice makes, without a Variable around them. */
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { bareTensorsIn } from "../graph/scope.ts";
import { dispose, Module, Param, scan, vmap } from "../index.ts";

class Buffered extends Module {
  readonly w: Param<tf.Tensor>;
  readonly table: tf.Tensor;
  readonly lists: { of: tf.Tensor[] };
  more: Buffered | undefined;
  constructor(x: tf.Tensor) {
    super();
    this.w = new Param(tf.scalar(5));
    this.table = tf.mul(x, 2);
    this.lists = { of: [tf.neg(x), tf.scalar(7)] };
  }
}

const valuesOf = (m: Buffered): number[][] =>
  [m.w.value, m.table, ...m.lists.of].map((each) => [...each.dataSync()]);
const expected = [
  [5, 5, 5],
  [2, 4, 6],
  [-1, -2, -3],
  [7, 7, 7],
];

const ways: Record<string, (xs: tf.Tensor) => Buffered> = {
  "vmap in one run": (xs) => vmap((x: tf.Tensor) => new Buffered(x))(xs),
  "vmap slice by slice": (xs) =>
    vmap((x: tf.Tensor) => {
      x.dataSync();
      return { of: [new Buffered(x)] };
    })(xs).of[0]!,
  scan: (xs) => {
    const [carry, made] = scan((c: tf.Tensor, x: tf.Tensor) => [c, new Buffered(x)] as const)(
      tf.scalar(0),
      xs,
    );
    carry.dispose();
    return made;
  },
  "vmap, in a module that it gets": (xs) => {
    const m = vmap((x: tf.Tensor) => new Buffered(x))(xs);
    dispose(
      vmap(
        (each: Buffered, x: tf.Tensor) => {
          each.more = new Buffered(x);
          return x;
        },
        { inAxes: [0, 0] },
      )(m, xs),
    );
    const { more } = m;
    dispose(m.w);
    tf.dispose([m.table, m.lists.of]);
    return more!;
  },
};

onEachBackend("new modules with tensors", () => {
  it.each(Object.entries(ways))("%s: have those of all slices, alive", (_, way) => {
    const xs = tf.tensor1d([1, 2, 3]);
    const counts = [0, 1, 2].map(() => {
      const made = way(xs);
      expect(valuesOf(made)).toEqual(expected);
      const bare = bareTensorsIn(made);
      expect(bare).toHaveLength(3);
      dispose(made);
      tf.dispose(bare.filter(({ isDisposed }) => !isDisposed));
      return tf.memory().numTensors;
    });
    expect(new Set(counts.slice(1)).size).toBe(1);
    xs.dispose();
  });
});
