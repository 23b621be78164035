/** @file What changes from one call of a recorded function to the next, by the call itself or by others. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import * as nnx from "../index.ts";

class Box extends nnx.Module {
  readonly w: nnx.Param<tf.Tensor> = new nnx.Param(tf.tensor1d([1, 2]));
  readonly count: nnx.Variable<number> = new nnx.Variable(0);
  readonly parts: Map<string, nnx.Param<tf.Tensor>> = new Map();
  bare: tf.Tensor | null = null;
  forward(x: tf.Tensor): tf.Tensor {
    this.sow(nnx.Intermediate, "seen", x);
    return tf.mul(x, this.w.value);
  }
}

const numbersOf = (x: tf.Tensor): number[] => [...x.dataSync()];
const one = (): tf.Tensor => tf.ones([2]);

onEachBackend("a recorded call", () => {
  it("may give a Variable another dtype each time", () => {
    const f = nnx.jit((m: Box) => {
      m.w.value = tf.cast(m.w.value, m.w.value.dtype === "int32" ? "float32" : "int32");
    });
    const box = new Box();
    const seen = Array.from({ length: 6 }, () => {
      f(box);
      return [box.w.value.dtype, ...box.w.value.dataSync()];
    });
    const [odd, even] = [
      ["int32", 1, 2],
      ["float32", 1, 2],
    ];
    expect(seen).toEqual([odd, even, odd, even, odd, even]);
    expect(f.programs.map(({ replays }) => replays)).toEqual([2, 2]);
    f.dispose();
    nnx.dispose(box);
  });

  it("returns what a Variable had before, alive", () => {
    const f = nnx.jit((m: Box) => {
      const before = [m.w.value, nnx.state(m, nnx.Param)] as const;
      m.w.value = tf.add(m.w.value, 1);
      return before;
    });
    const box = new Box();
    const counts = [0, 1, 2, 3].map((n) => {
      const [tensor, state] = f(box);
      expect([tensor, state.w!.value as tf.Tensor].map(numbersOf)).toEqual([
        [1 + n, 2 + n],
        [1 + n, 2 + n],
      ]);
      nnx.dispose(state);
      if (!tensor.isDisposed) tensor.dispose();
      return tf.memory().numTensors;
    });
    expect(new Set(counts).size).toBe(1);
    f.dispose();
    nnx.dispose(box);
  });

  it("goes with the order of items in a module's Map", () => {
    const f = nnx.jit((m: Box, x: tf.Tensor) => {
      let y = x;
      for (const { value } of m.parts.values()) y = tf.add(tf.mul(y, 2), value);
      return y;
    });
    const box = new Box();
    box.parts.set("a", new nnx.Param(tf.scalar(1))).set("b", new nnx.Param(tf.scalar(10)));
    const seen = (): number => numbersOf(f(box, one()))[0]!;
    expect([seen(), seen(), seen()]).toEqual([16, 16, 16]);
    const a = box.parts.get("a")!;
    box.parts.delete("a");
    box.parts.set("a", a);
    expect([seen(), seen(), seen()]).toEqual([25, 25, 25]);
    f.dispose();
    nnx.dispose(box);
  });

  it("that sets a copy's number to what it is leaves the number of the model", () => {
    const f = nnx.jit((m: Box) => {
      const copy = nnx.clone(m);
      copy.count.value = 0;
      return copy;
    });
    const box = new Box();
    const counts = [0, 1, 2].map((n) => {
      box.count.value = n;
      using copy = f(box);
      return [box.count.value, copy.count.value];
    });
    expect(counts).toEqual([
      [0, 0],
      [1, 0],
      [2, 0],
    ]);
    f.dispose();
    nnx.dispose(box);
  });

  it("disposes what the function disposes, each time", () => {
    const f = nnx.jit((m: Box, x: tf.Tensor) => {
      const before = m.bare;
      m.bare = tf.keep(tf.add(x, before ?? 0));
      before?.dispose();
      x.dispose();
    });
    const box = new Box();
    const counts = [1, 2, 3, 4].map((n) => {
      const x = one();
      f(box, x);
      expect([x.isDisposed, numbersOf(box.bare!)]).toEqual([true, [n, n]]);
      return tf.memory().numTensors;
    });
    expect(new Set(counts).size).toBe(1);
    expect(f.programs.every(({ replays }) => replays === 0)).toBe(true);
    box.bare?.dispose();
    f.dispose();
    nnx.dispose(box);
  });

  it("returns arrays with holes, and without what else is on them", () => {
    const f = nnx.jit((x: tf.Tensor) => {
      const holes = new Array<tf.Tensor>(2);
      holes[1] = x;
      return [holes, Object.assign([x], { more: x })];
    });
    for (let i = 0; i < 3; i++)
      expect(f(one()).map((list) => [list.length, list.at(-1)?.size])).toEqual([
        [2, 2],
        [1, 2],
      ]);
    f.dispose();
  });
});

describe("a recorded function", () => {
  const changes: Record<string, (list: tf.Tensor[]) => void> = {
    "adds to": (list) => list.push(tf.neg(list[0]!)),
    "replaces items of": (list) => (list[0] = tf.neg(list[0]!)),
  };
  it.each(Object.entries(changes))("is refused that %s a list in an argument, which stays", (_, change) => {
    const list = [one()];
    const [first] = list;
    const f = nnx.jit(({ of }: { of: tf.Tensor[] }) => change(of));
    expect(() => f({ of: list })).toThrow(
      /^jit: expected a function that leaves the arrays, plain objects and Maps/,
    );
    expect([list.length, list[0]]).toEqual([1, first]);
  });

  it("may ask for shapes, whatever is drawn and written for that", () => {
    const rngs = new nnx.Rngs(0);
    const drop = new nnx.Dropout(0.5, { rngs });
    const f = nnx.jit((m: Box, d: nnx.Dropout, x: tf.Tensor) => {
      const { shape } = nnx.evalShape(
        (each: Box, of: nnx.Dropout, y: tf.Tensor) => {
          each.w.value = tf.add(each.w.value, 1);
          return tf.concat([of.forward(y), nnx.hostValue([each.count], (n) => [n, n])]);
        },
        m,
        d,
        x,
      );
      return tf.mul(d.forward(x), shape[0]!);
    });
    const box = new Box();
    const twin = new nnx.Dropout(0.5, { rngs: new nnx.Rngs(0) });
    for (let i = 0; i < 4; i++)
      expect(numbersOf(f(box, drop, one()))).toEqual(numbersOf(tf.mul(twin.forward(one()), 4)));
    expect(numbersOf(box.w.value)).toEqual([1, 2]);
    expect(f.programs).toHaveLength(1);
    f.dispose();
  });

  it("is recorded again where a number decides a shape that it asks for", () => {
    const f = nnx.jit((m: Box, x: tf.Tensor) =>
      tf.mul(x, nnx.evalShape((each: Box) => tf.zeros([each.count.value]), m).shape[0]!),
    );
    const box = new Box();
    const seen = [1, 1, 2, 2].map((n) => {
      box.count.value = n;
      return numbersOf(f(box, one()))[0];
    });
    expect(seen).toEqual([1, 1, 2, 2]);
    f.dispose();
  });

  it.each(["cond", "whileLoop"])("is refused where a %s tells something to a capture around it", (name) => {
    const run = (m: Box, x: tf.Tensor): tf.Tensor =>
      name === "cond"
        ? nnx.cond(
            tf.any(tf.greater(x, 0)),
            (a: tf.Tensor) => m.forward(a),
            (a: tf.Tensor) => a,
            x,
          )
        : nnx.whileLoop(
            (a) => tf.less(tf.max(a), 3),
            (a) => tf.add(m.forward(a), 1),
            x,
          );
    const f = nnx.jit((m: Box, x: tf.Tensor) => {
      const [, seen] = nnx.capture((each: Box, y: tf.Tensor) => run(each, y), nnx.Intermediate)(m, x);
      return nnx.flattenState(seen).length;
    });
    for (const x of [one(), tf.neg(one())])
      expect(() => f(new Box(), x)).toThrow(
        `${name}: expected functions that tell nothing to a capture around them, in a recorded function, got one that tells "seen".`,
      );
  });
});
