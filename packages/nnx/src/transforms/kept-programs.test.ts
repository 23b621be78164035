/** @file Which programs a recorded function keeps, and what it is recorded again for. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import * as nnx from "../index.ts";

class Box extends nnx.Module {
  readonly w: nnx.Param<tf.Tensor> = new nnx.Param(tf.tensor1d([1, 2]));
  readonly count: nnx.Variable<number> = new nnx.Variable(0);
  readonly parts: Map<string, nnx.Param<tf.Tensor>> = new Map();
}

const numbersOf = (x: tf.Tensor): number[] => [...x.dataSync()];
const one = (): tf.Tensor => tf.ones([2]);

describe("a recorded function", () => {
  it("that throws is not counted among those for other numbers", () => {
    const x = one();
    const f = nnx.jit((m: Box, sum: tf.Tensor) => {
      if (m.count.value === 1) throw new Error("not this one");
      return tf.mul(sum, m.count.value);
    });
    const box = new Box();
    expect(numbersOf(f(box, x))).toEqual([0, 0]);
    box.count.value = 1;
    for (let i = 0; i < 4; i++) expect(() => f(box, x)).toThrow("not this one");
    box.count.value = 2;
    expect(numbersOf(f(box, x))).toEqual([2, 2]);
    f.dispose();
    nnx.dispose(box);
  });

  it("does not take other arguments for other bounds of a loop", () => {
    const f = nnx.jit((n: tf.Tensor, x: tf.Tensor, y: tf.Tensor) =>
      tf.add(
        nnx.foriLoop(0, n, (_, z: tf.Tensor) => tf.mul(z, 2), x),
        y,
      ),
    );
    const [x, y] = [one(), tf.fill([2], 5)];
    const of = (n: number, other: tf.Tensor): number[] => numbersOf(f(tf.scalar(n, "int32"), x, other));
    expect([2, 3, 4, 3, 4].map((n) => of(n, x)[0])).toEqual([5, 9, 17, 9, 17]);
    expect(of(4, y)).toEqual([21, 21]);
    f.dispose();
  });

  it("lists what was recorded after it was freed, too", () => {
    const f = nnx.jit((x: tf.Tensor) => tf.add(x, tf.add(tf.mul(tf.ones([2]), 3), 2)));
    expect(numbersOf(f(one()))).toEqual([6, 6]);
    f.dispose();
    expect(f.programs).toEqual([{ reason: "the first call", replays: 0, kernels: 3, constants: 0 }]);
    expect([f(one()), f(one())].map(numbersOf)).toEqual([
      [6, 6],
      [6, 6],
    ]);
    f.dispose();
  });

  it("keeps the 512 programs that were used last, and frees the others", () => {
    const scaled = nnx.jit((x: tf.Tensor, by: number) => tf.mul(x, by), { staticArgs: [1] });
    const x = one();
    const runs = (from: number, to: number): void => {
      for (let by = from; by < to; by++)
        for (const each of [by, 0.5]) {
          const y = scaled(x, each);
          expect(y.dataSync()[1]).toBe(each);
          y.dispose();
        }
    };
    runs(0, 600);
    expect(scaled.programs).toHaveLength(512);
    const before = [tf.memory().numTensors, tf.engine().backend.numDataIds()];
    runs(600, 700);
    expect(scaled.programs).toHaveLength(512);
    expect([tf.memory().numTensors, tf.engine().backend.numDataIds()]).toEqual(before);
    // That of 0.5 is played in each turn, and stays. That of 0 went, and comes again.
    expect(scaled.programs[0]).toMatchObject({ replays: 699 });
    runs(0, 1);
    runs(0, 1);
    expect(scaled.programs.at(-1)).toMatchObject({ replays: 1 });
    scaled.dispose();
    x.dispose();
  });

  it("is recorded again, and then played, where its program was freed", () => {
    const box = new Box();
    const f = nnx.jit((m: Box, by: number) => tf.mul(m.w.value, by), { staticArgs: [1] });
    const at = (by: number): number[] => numbersOf(f(box, by));
    nnx.tidy(() => {
      // The second one is played, so that the arguments are remembered.
      for (let i = 0; i < 2; i++) expect(at(2)).toEqual([2, 4]);
      for (let by = 10; by < 530; by++) expect(at(by)).toEqual([by, 2 * by]);
      const replaysOf = (): number | undefined => f.programs.at(-1)?.replays;
      expect([at(2), replaysOf()]).toEqual([[2, 4], 0]);
      expect([at(2), replaysOf()]).toEqual([[2, 4], 1]);
      expect([at(2), replaysOf()]).toEqual([[2, 4], 2]);
    });
    f.dispose();
    nnx.dispose(box);
  });

  it("that changes the structure of a model is listed 512 times at most", () => {
    const box = new Box();
    const f = nnx.jit((m: Box) => {
      m.parts.set(`${m.parts.size}`, new nnx.Param(tf.scalar(1)));
    });
    for (let i = 0; i < 520; i++) {
      f(box);
      if (i % 8 === 7) {
        nnx.dispose([...box.parts.values()]);
        box.parts.clear();
      }
    }
    expect(f.programs).toHaveLength(512);
    f.dispose();
    nnx.dispose(box);
  });
});
