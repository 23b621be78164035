/** @file Slices that give Variables and leaves of other types or metadata: one of them cannot stand for all. */
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import {
  BatchStat,
  Carry,
  dispose,
  Module,
  Param,
  scan,
  type State,
  StructureError,
  unflattenState,
  type Variable,
  vmap,
} from "../index.ts";

type Make = (x: tf.Tensor, index: number) => unknown;

const leaf = (type: typeof Param | typeof BatchStat, value: tf.Tensor, metadata = {}): Variable =>
  Reflect.construct(type, [value, metadata]) as Variable;
const stateOf = (variable: Variable): State => {
  const state = unflattenState([[["w"], variable.toState()]]);
  variable.dispose();
  return state;
};
const typeFor = (index: number): typeof Param | typeof BatchStat => (index === 1 ? BatchStat : Param);

const xs = tf.tensor1d([1, 2, 3]);

/** Stacks what `make` gives for each slice. The function reads values, so that each slice runs. */
function stacked(make: Make): unknown {
  let index = 0;
  return vmap((x: tf.Tensor) => {
    x.dataSync();
    return make(x, index++);
  })(xs);
}

const differing: Record<string, readonly [make: Make, message: RegExp]> = {
  "types of leaves": [
    (x, i) => ({ a: stateOf(leaf(typeFor(i), x)) }),
    /^vmap at a\.w: expected leaves of one type for all slices, got Param for the first slice and BatchStat for slice 1\./,
  ],
  "metadata of leaves": [
    (x, i) => stateOf(leaf(Param, x, i === 2 ? { tag: "a" } : {})),
    /^vmap at w: expected leaves of one metadata for all slices, got another for slice 2 than for the first slice\./,
  ],
  "types of single leaves": [
    (x, i) => leaf(typeFor(i), x).toState(),
    /^vmap: expected leaves of one type for all slices, got Param for the first slice and BatchStat for slice 1\./,
  ],
  "types of new Variables": [
    (x, i) => [leaf(typeFor(i), x)],
    /^vmap at 0: expected results of one structure and shape/,
  ],
  "metadata of new Variables": [
    (x, i) => [leaf(Param, x, { tag: i })],
    /^vmap at 0 .*expected modules of one structure for all slices, got an instance of Param with metadata \{tag\}/,
  ],
};

it.each(Object.entries(differing))("vmap refuses other %s, with the path", (_, [make, message]) => {
  const { numTensors } = tf.memory();
  expect(() => stacked(make)).toThrow(StructureError);
  expect(() => stacked(make)).toThrow(message);
  expect(tf.memory().numTensors).toBe(numTensors);
});

it("vmap takes equal types and metadata", () => {
  const all = stacked((x) => stateOf(leaf(BatchStat, x, { of: ["a"] }))) as {
    w: ReturnType<Variable["toState"]>;
  };
  expect([all.w.type, all.w.metadata]).toEqual([BatchStat, { of: ["a"] }]);
  expect([...(all.w.value as tf.Tensor).dataSync()]).toEqual([1, 2, 3]);
  dispose(all);
});

it("scan refuses other types of leaves in what it stacks, and in the carry", () => {
  let index = 0;
  const stack = scan(
    (carry: tf.Tensor, x: tf.Tensor) => [carry, stateOf(leaf(typeFor(index++), x))] as const,
  );
  expect(() => stack(tf.scalar(0), xs)).toThrow(/^scan at \S*w: expected leaves of one type for all slices/);
  const carry = scan((_: State, x: tf.Tensor) => stateOf(leaf(BatchStat, x)), {
    inAxes: [Carry, 0],
    outAxes: Carry,
  });
  expect(() => carry(stateOf(leaf(Param, tf.scalar(0))), xs)).toThrow(
    /^scan at \S*w: expected the carry to have the same structure.* got Param of a float32\[\] before it and BatchStat of/,
  );
});

class Box extends Module {
  readonly w: Param<tf.Tensor> = new Param(tf.tensor1d([1, 2, 3]));
}

it.each([0, null])(
  "vmap refuses other metadata for an argument with axis %s, and leaves what it had",
  (axis) => {
    const box = new Box();
    if (axis === null) box.w.value = tf.scalar(2);
    const set = (when: (i: number) => boolean) => {
      let index = 0;
      return vmap(
        (m: Box, x: tf.Tensor) => {
          x.dataSync();
          if (when(index++)) m.w.setMetadata({ tag: 1 });
          return tf.mul(m.w.value, x);
        },
        { inAxes: [axis, 0] },
      );
    };
    for (const odd of [0, 1, 2])
      expect(() => set((i) => i === odd)(box, xs)).toThrow(
        /^vmap in argument 0 at w: .*the same metadata for all slices/,
      );
    expect(box.w.metadata).toEqual({});
    dispose(set(() => true)(box, xs));
    expect(box.w.metadata).toEqual({ tag: 1 });
    dispose(box);
  },
);
