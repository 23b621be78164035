/**
 * @file What branches and loops of a recorded function may differ in. A replay computes tensors, keys
 * and numbers alone.
 */
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, describe, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import * as nnx from "../index.ts";

class Box extends nnx.Module {
  readonly w: nnx.Param<tf.Tensor> = new nnx.Param(tf.tensor1d([1, 2]));
  mode = "a";
  readonly seen: string[] = [];
}

const one = (): tf.Tensor => tf.scalar(1);
const stateOf = (type: typeof nnx.Param | typeof nnx.BatchStat, metadata = {}): nnx.State =>
  nnx.unflattenState([[["w"], { type, value: one(), metadata }]]);

const pairs: Record<string, readonly [() => unknown, () => unknown]> = {
  strings: [() => "a", () => "b"],
  booleans: [() => [one(), true], () => [one(), false]],
  "null and undefined": [() => null, () => undefined],
  "items of a Set": [() => new Set([1]), () => new Set([2])],
  functions: [() => Math.abs, () => Math.ceil],
  "the order of keys": [() => ({ a: one(), b: one() }), () => ({ b: one(), a: one() })],
  "the order of a Map": [
    () => new Map([1, 2].map((key) => [key, one()])),
    () => new Map([2, 1].map((key) => [key, one()])),
  ],
  "types in States": [() => stateOf(nnx.Param), () => stateOf(nnx.BatchStat)],
  "metadata in States": [() => stateOf(nnx.Param), () => stateOf(nnx.Param, { tag: 1 })],
};

const deeds: Record<string, readonly [(box: Box) => unknown, message: RegExp]> = {
  "sets metadata": [(box) => box.w.setMetadata({ tag: 1 }), /^cond at 0\.w: .*to keep its metadata/],
  "sets an attribute": [(box) => (box.mode = "b"), /^cond: .*that change values alone/],
  "adds to a list": [(box) => box.seen.push("b"), /^cond: .*that change values alone/],
};

onEachBackend("a choice in a recorded function", () => {
  const isAbove = (x: tf.Tensor): tf.Tensor => tf.greater(x, 0);

  it.each(Object.entries(pairs))("refuses branches that differ in %s", (_, [a, b]) => {
    for (const both of [
      [a, b],
      [b, a],
    ] as const) {
      const f = nnx.jit((x: tf.Tensor) => {
        nnx.cond(isAbove(x), both[0], both[1]);
      });
      expect(() => f(one())).toThrow(
        /^(cond|cond at \S+): expected (the result to differ in tensors and keys alone|branches with results)/,
      );
    }
  });

  it("takes branches whose plain values are equal", () => {
    const f = nnx.jit((x: tf.Tensor) =>
      nnx.cond(
        isAbove(x),
        () => ({ name: "a", list: [true, { of: ["b"] }], x }),
        () => ({ name: "a", list: [true, { of: ["b"] }], x: tf.neg(x) }),
      ),
    );
    for (const n of [1, -1, -2, 2]) {
      const { x, ...rest } = f(tf.scalar(n));
      expect([x.dataSync()[0], rest]).toEqual([Math.abs(n), { name: "a", list: [true, { of: ["b"] }] }]);
    }
    expect(f.programs).toHaveLength(1);
    f.dispose();
  });

  describe.each(Object.entries(deeds))("whose branch %s", (_, [deed, message]) => {
    const box = new Box();
    afterEach(() => nnx.dispose(box));

    it("of a module that the function has, is refused, taken or not, and leaves nothing", () => {
      for (const x of [1, -1]) {
        const f = nnx.jit((m: Box, by: tf.Tensor) =>
          nnx.cond(
            isAbove(by),
            () => {
              deed(m);
              return tf.mul(m.w.value, 2);
            },
            () => m.w.value,
          ),
        );
        expect(() => f(box, tf.scalar(x))).toThrow(message);
        expect([box.mode, box.seen, box.w.metadata]).toEqual(["a", [], {}]);
      }
    });
  });
});

onEachBackend("a loop in a recorded function", () => {
  it.each([
    ["strings", "a", (x: unknown) => `${String(x)}b`],
    ["booleans", true, (x: unknown) => !x],
  ])("refuses %s that change from turn to turn", (_, first, next) => {
    const f = nnx.jit((n: tf.Tensor) =>
      nnx.whileLoop(
        ([left]) => tf.greater(left, 0),
        ([left, mark]) => [tf.sub(left, 1), next(mark)] as [tf.Tensor, unknown],
        [n, first] as [tf.Tensor, unknown],
      ),
    );
    expect(() => f(tf.scalar(2))).toThrow(
      /^whileLoop at 1: expected the value to differ in tensors and keys alone/,
    );
  });
});
