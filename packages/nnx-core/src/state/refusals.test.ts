/** @file What is no State is refused with its path, by every function that takes one. */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import * as nnx from "../index.ts";

const parsed = JSON.parse('{"a":1,"sub":{"b":"x"}}') as nnx.State;
const state: nnx.State = nnx.state({ a: new nnx.Param(1), sub: { b: new nnx.Param(2) } });

describe("values that are no State", () => {
  it.each<readonly [string, (given: nnx.State) => unknown]>([
    ["flattenState", (x) => nnx.flattenState(x)],
    ["filterState", (x) => nnx.filterState(x, nnx.Param)],
    ["splitState", (x) => nnx.splitState(x, true)],
    ["mapState", (x) => nnx.mapState((_, leaf) => leaf, x)],
    ["mapValues", (x) => nnx.mapValues((value) => value, x)],
    ["mergeState", (x) => nnx.mergeState(state, x)],
    ["diffState", (x) => nnx.diffState(x, state)],
    ["diffPatches", (x) => nnx.diffPatches(state, x)],
    ["applyPatches", (x) => nnx.applyPatches(x, [])],
    ["updateState", (x) => nnx.updateState(x, () => {})],
    ["toPure", (x) => nnx.toPure(x)],
    ["replaceByPure", (x) => nnx.replaceByPure(x, {})],
  ])("%s names the first", (where, f) => {
    expect(() => f(parsed)).toThrow(nnx.StructureError);
    expect(() => f(parsed)).toThrow(`${where} at a: expected a leaf or a subtree, got 1.`);
    expect(() => f(5 as never)).toThrow(`${where}: expected a State, got 5.`);
    expect(() => f(new nnx.Param(1) as never)).toThrow(
      `${where}: expected a State, got an instance of Param.`,
    );
  });

  it("swapped arguments of maps are refused", () => {
    expect(() => nnx.mapValues(state as never, (() => 1) as never)).toThrow(
      "mapValues: expected a function as the first argument, got an object with keys {a, sub}. Call mapValues(f, state).",
    );
    expect(() => nnx.mapState(state as never, (() => 1) as never)).toThrow("mapState: expected a function");
    expect(() => nnx.map({ a: 1 } as never, (() => 1) as never)).toThrow("map: expected a function");
    expect(() => nnx.recursiveMap({ a: 1 } as never, () => 1)).toThrow("recursiveMap: expected a function");
    expect(() => nnx.setMetadata({ tag: "x" } as never, new nnx.Param(1) as never)).toThrow(
      "setMetadata: expected",
    );
  });

  it("entries that are no entries", () => {
    for (const bad of [5, [5], [["a", 1]], [[["a", {}], state.a]], [[new Array(9), state.a]]])
      expect(() => nnx.unflattenState(bad as never)).toThrow("unflattenState: expected entries [path, leaf]");
  });
});

describe("patches", () => {
  const patch = (each: object): readonly nnx.StatePatch[] => [each as nnx.StatePatch];
  it("cannot make of a State what is none", () => {
    expect(() =>
      nnx.applyPatches(state, patch({ op: "replace", path: ["a", "type"], value: "params" })),
    ).toThrow('applyPatches at a.type: expected a leaf or a subtree, got "params".');
    expect(() => nnx.applyPatches(state, patch({ op: "add", path: ["c"], value: { d: null } }))).toThrow(
      "applyPatches at c.d: expected a leaf or a subtree, got null.",
    );
    expect(() => nnx.applyPatches(state, patch({ op: "add", path: "a", value: 1 }))).toThrow(
      "whose paths are lists",
    );
    expect(() => nnx.applyPatches(state, 5 as never)).toThrow("expected a list of patches");
  });

  it("cannot write into what a tensor consists of, or far behind a list", () => {
    const values: nnx.State = nnx.state({ w: new nnx.Param(tf.ones([2])), l: new nnx.Param([1, 2]) });
    expect(() =>
      nnx.applyPatches(values, patch({ op: "replace", path: ["w", "value", "shape"], value: [9] })),
    ).toThrow("applyPatches at w.value: expected a list or an object, got a float32[2].");
    expect(() => nnx.applyPatches(values, patch({ op: "add", path: ["l", "value", 4e9], value: 9 }))).toThrow(
      "expected an index up to 2, got 4000000000",
    );
    nnx.dispose(values);
  });

  it("insert into lists and take out of them, as immer's do", () => {
    const values: nnx.State = nnx.state({ l: new nnx.Param([1, 2, 3]) });
    const at = (index: number | string) => ["l", "value", index];
    const after = nnx.applyPatches(values, [
      { op: "add", path: at(1), value: 9 },
      { op: "remove", path: at(0) },
      { op: "replace", path: at("length"), value: 2 },
    ]);
    expect(after.l?.value).toEqual([9, 2]);
    expect(values.l?.value).toEqual([1, 2, 3]);
  });

  it("hold the leaves of what they add", () => {
    const before = tf.memory().numTensors;
    const from: nnx.State = nnx.state({});
    const to: nnx.State = nnx.state({ sub: { a: new nnx.Param(tf.ones([2])), b: new nnx.Param(null) } });
    const patches = nnx.diffPatches(from, to);
    const after = nnx.applyPatches(from, patches);
    nnx.dispose([to, patches]);
    const held = nnx.flattenState(after).map(([, leaf]) => nnx.leafValue(leaf)) as [tf.Tensor, null];
    expect(held[0].isDisposed).toBe(false);
    nnx.dispose(after);
    expect(tf.memory().numTensors).toBeLessThanOrEqual(before + 1);
  });
});

describe("updateState", () => {
  const deep = (levels: number): nnx.State => {
    let node: object = nnx.state({ w: new nnx.Param(1) });
    for (let i = 0; i < levels; i++) node = { sub: node };
    return node as nnx.State;
  };
  const write = (levels: number) => (draft: nnx.StateDraft) => {
    let at = draft;
    for (let i = 0; i < levels; i++) at = at.sub as nnx.StateDraft;
    (at.w as nnx.StateDraft).value = 2;
  };
  it("writes to leaves hundreds of levels deep, and refuses more with a way out", () => {
    expect(nnx.flattenState(nnx.updateState(deep(300), write(300)))[0]?.[1].value).toBe(2);
    expect(() => nnx.updateState(deep(20_000), write(20_000))).toThrow(
      /updateState: expected writes at most about 1,000 levels deep .* Use mapState or applyPatches/,
    );
  });
  it("refuses promises, and passes on what the recipe throws", () => {
    expect(() => nnx.updateState(state, (async () => {}) as never)).toThrow("got a Promise");
    const mine = new RangeError("mine");
    expect(() => {
      nnx.updateState(state, () => {
        throw mine;
      });
    }).toThrow(mine);
  });
});

it("dispose ends on containers that contain themselves and each other", () => {
  const list: unknown[] = [new nnx.Param(tf.ones([2]))];
  list.push(list, new Map([["x", list]]));
  const before = tf.memory().numTensors;
  nnx.dispose(list);
  expect(tf.memory().numTensors).toBe(before - 1);
});

it("leafValue is a Variable's value, or the array", () => {
  const tensor = tf.ones([2]);
  const values = nnx.flattenState(nnx.state({ a: new nnx.Param(3), b: tensor }));
  expect(values.map(([, leaf]) => nnx.leafValue(leaf))).toEqual([3, tensor]);
});
