/** @file The parts that functions on States share: their checks, limits, order of keys and ownership. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  diffState,
  dispose,
  DisposedError,
  filterState,
  flattenState,
  mapState,
  mergeState,
  Param,
  replaceByPure,
  splitState,
  type State,
  state,
  StructureError,
  toPure,
  unflattenState,
  type VariableState,
} from "../index.ts";
import type { Path } from "../path.ts";
import { Bounds, mostLevels } from "./bounds.ts";
import { checkValues, isLiveState, isStateLike, isTrusted, requireLeaf, stateIn } from "./check-state.ts";
import { refuseDisposed, refuseDisposedIn } from "./disposed.ts";
import { leavesOf } from "./flatten-state.ts";
import { disposeOwner, isOwner, leafCountOf, makeKeptState } from "./holding.ts";
import { below, childOf, isSubtree, leafValue } from "./state.ts";

const leaf = (value: unknown): VariableState => new Param(value).toState();
const made = (): State =>
  unflattenState([
    [["a", "x"], leaf(1)],
    [["a", "y"], leaf(2)],
    [["b"], leaf(3)],
  ]);

describe("Bounds", () => {
  const at =
    (...path: string[]) =>
    (): Path =>
      path;

  it("refuse what is entered while it is open, and take it again once it was left", () => {
    const bounds = new Bounds("f", "Do this.");
    const [a, b] = [{}, []];
    bounds.enter(a, at());
    bounds.enter(b, at("b"));
    expect(() => bounds.enter(a, at("b", "a"))).toThrow(
      "f at b.a: expected containers that do not contain themselves, got a cycle of arrays, objects or Maps. Do this.",
    );
    bounds.leave(b);
    bounds.leave(a);
    expect(() => bounds.enter(a, at())).not.toThrow();
  });

  it("name the beginning of a long path", () => {
    const bounds = new Bounds("f");
    const a = {};
    bounds.enter(a, at());
    const parts = Array.from({ length: 13 }, (_, i) => `p${i}`);
    expect(() => bounds.enter(a, at(...parts))).toThrow("p10.p11...: expected containers");
    expect(() => bounds.enter(a, at(...parts.slice(0, 12)))).toThrow("p10.p11: expected containers");
    expect(() => bounds.enter(a, at("x"))).toThrow("f at x: expected containers");
    expect(() => bounds.enter(a, at("x"))).toThrow("Pass plain, nested data that ends.");
  });

  it("take as many levels as they say", () => {
    const bounds = new Bounds("f");
    for (let i = 0; i < mostLevels; i++) bounds.enter([], at());
    expect(() => bounds.enter([], at("deep"))).toThrow(
      "f at deep: expected at most 100,000 levels, got more.",
    );
  });

  it("count what is entered again", () => {
    const bounds = new Bounds("f");
    const [a, b] = [{}, {}];
    bounds.enter(a, at());
    const again = (): void => {
      bounds.enter(b, at("b"));
      bounds.leave(b);
    };
    for (let i = 0; i <= 100_000; i++) again();
    expect(again).toThrow("f at b: expected at most 100,000 shared subtrees, got more.");
  });
});

describe("isStateLike", () => {
  it.each<[string, unknown, boolean]>([
    ["a State", made(), true],
    ["a part of one", made().a, true],
    ["a State without leaves", unflattenState([]), true],
    ["a literal with a leaf", { a: { b: leaf(1) } }, true],
    ["a literal with an array beside", { a: leaf(1), b: tf.zeros([1]) }, true],
    ["a literal with shared parts", { a: made().a, b: made().a }, true],
    ["a leaf", leaf(1), true],
    ["a literal with arrays alone", { a: tf.zeros([1]) }, false],
    ["a literal of nothing", {}, false],
    ["a literal with a number", { a: leaf(1), b: 5 }, false],
    ["a literal with nothing below", { a: leaf(1), b: null }, false],
    ["a literal with a list", { a: leaf(1), b: [leaf(2)] }, false],
    ["a literal with a Variable", { a: leaf(1), b: new Param(1) }, false],
    ["a list", [leaf(1)], false],
    ["a Map", new Map([["a", leaf(1)]]), false],
    ["nothing", undefined, false],
  ])("%s", (_what, x, expected) => {
    expect(isStateLike(x)).toBe(expected);
  });

  it("ends on what contains itself, and remembers what is none", () => {
    const cycle: Record<string, unknown> = { a: leaf(1) };
    cycle.b = cycle;
    expect(isStateLike(cycle)).toBe(true);
    const others = new Set<object>();
    const inner = { c: 5 };
    const middle = { inner };
    const x = { middle, a: leaf(1) };
    expect(isStateLike(x, others)).toBe(false);
    expect([x, middle, inner].map((each) => others.has(each))).toEqual([true, true, true]);
    expect(others.size).toBe(3);
    expect(isStateLike({ a: leaf(1), middle }, others)).toBe(false);
    expect(isStateLike({ a: leaf(1), b: { d: leaf(2) } }, others)).toBe(true);
  });

  it("ends on records without end", () => {
    const endless = (): object =>
      new Proxy({ a: {} }, { ownKeys: () => ["a"], get: () => endless(), has: () => true });
    expect(isStateLike(endless())).toBe(false);
  });
});

describe("what is looked for", () => {
  it("a State in a GraphState", () => {
    const values = made();
    const packed = { graphdef: { nodes: [] }, state: values };
    expect(stateIn(packed)).toBe(values);
    for (const other of [
      values,
      { graphdef: { nodes: [] } },
      { graphdef: { nodes: {} }, state: values },
      { graphdef: 5, state: values },
      { state: values },
      [packed],
      5,
    ])
      expect(stateIn(other)).toBe(other);
  });

  it("a State that the library made, and that has not ended", () => {
    const values = made();
    expect([isTrusted(values), isTrusted(values.a), isTrusted({}), isTrusted(null), isTrusted(5)]).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
    expect([isLiveState("f", values), isLiveState("f", {}), isLiveState("f", null)]).toEqual([
      true,
      false,
      false,
    ]);
    dispose(values);
    expect(isTrusted(values)).toBe(false);
    expect(() => isLiveState("f", values)).toThrow(DisposedError);
    expect(() => isLiveState("f", values)).toThrow("f: expected a live State, got one that was disposed.");
  });

  it("values that are no literals, as they are", () => {
    const model = new Param(1);
    for (const value of [5, "x", null, [1], model, leaf(1), made()])
      expect(checkValues("f", value)).toBe(value);
    const given = { a: { b: 5, c: [1] }, d: model };
    const checked = checkValues("f", given);
    expect(checked).toEqual(given);
    expect(checked).not.toBe(given);
    const cycle: Record<string, unknown> = {};
    cycle.a = { b: cycle };
    expect(() => checkValues("f", cycle, () => ["x", "y"])).toThrow(
      "f at x.y.a.b: expected containers that do not contain themselves",
    );
    const gone = made();
    dispose(gone);
    expect(() => checkValues("f", { a: gone })).toThrow("f: expected a live State");
  });

  it("leaves that functions of users make", () => {
    const own = { ...leaf(5) };
    const checked = requireLeaf("f", ["a"], own);
    expect(checked).toEqual(own);
    expect(Object.isFrozen(checked)).toBe(true);
    expect(requireLeaf("f", ["a"], checked)).toBe(checked);
    const array = tf.zeros([1]);
    expect(requireLeaf("f", ["a"], array)).toBe(array);
    expect(() => requireLeaf("f", ["a", 0], 5)).toThrow(
      "f at a.0: expected a leaf, got 5. A leaf is an array",
    );
    expect(() => requireLeaf("f", () => ["b"], {})).toThrow("f at b: expected a leaf, got an object");
    expect(() => requireLeaf("f", [], { ...leaf(1), metadata: 5 })).toThrow(StructureError);
  });

  it("children by own keys", () => {
    const values = made();
    expect(childOf(values, "a")).toBe(values.a);
    expect([childOf(values, "c"), childOf(values, "__proto__"), childOf(values, "constructor")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    const odd = unflattenState([[["__proto__"], leaf(1)]]);
    expect(childOf(odd, "__proto__")).toMatchObject({ value: 1 });
    expect([below(values.b, "value"), below(undefined, "a"), below(values, "a")]).toEqual([
      undefined,
      undefined,
      values.a,
    ]);
    expect([
      isSubtree(values),
      isSubtree({ a: 1 }),
      isSubtree(values.b),
      isSubtree([]),
      isSubtree(5),
    ]).toEqual([true, true, false, false, false]);
  });
});

describe("disposed tensors in arguments", () => {
  const gone = tf.zeros([2]);
  gone.dispose();

  it("are refused with the place of the argument, but States are left to others", () => {
    expect(() => refuseDisposed("f", [1, null, tf.zeros([1]), { a: [tf.zeros([1])] }])).not.toThrow();
    expect(() => refuseDisposed("f", [1, { a: [gone] }])).toThrow(
      "f: expected live tensors in argument 1, got a float32[2] that was disposed.",
    );
    expect(() => refuseDisposed("f", [new Map([["a", gone]])])).toThrow(DisposedError);
    const values = state({ w: new Param(tf.zeros([1])) });
    leafValue<tf.Tensor>(values.w as VariableState).dispose();
    expect(() => refuseDisposed("f", [values])).not.toThrow();
    expect(() => refuseDisposedIn("f", "the batch", gone)).toThrow(
      "f: expected live tensors in the batch, got",
    );
  });

  it("are refused in States that are made, with their path, and nothing is held then", () => {
    const [fine, bad] = [leaf(tf.zeros([1])), { ...leaf(tf.zeros([1])), value: gone }];
    const make = (): State =>
      unflattenState([
        [["a", "fine"], fine],
        [["a", "bad"], bad],
      ]);
    expect(make).toThrow("State at a.bad: expected a value of live tensors, got one that was disposed.");
    expect(() => unflattenState([[["w"], gone]])).toThrow("State at w: expected");
    const before = tf.memory().numTensors;
    const two = { a: leaf(tf.zeros([1])), b: bad };
    expect(() => splitState(two, (path) => path[0] === "a", true)).toThrow("State at b");
    expect(tf.memory().numTensors).toBe(before + 1);
  });
});

describe("ownership", () => {
  it("is the root's, which disposes once", () => {
    const tensor = tf.zeros([1]);
    const values = unflattenState([[["a", "w"], { ...leaf(0), value: tensor }]]);
    expect([isOwner(values), isOwner(values.a as object), isOwner({})]).toEqual([true, false, false]);
    expect([leafCountOf(values), leafCountOf(values.a as object)]).toEqual([1, undefined]);
    expect(
      Object.getOwnPropertySymbols(values).every(
        (key) => !Object.prototype.propertyIsEnumerable.call(values, key),
      ),
    ).toBe(true);
    disposeOwner(values);
    expect([tensor.isDisposed, isOwner(values)]).toEqual([true, false]);
    expect(() => disposeOwner(values)).not.toThrow();
    expect(() => flattenState(values)).toThrow(
      "flattenState: expected a live State, got one that was disposed.",
    );
  });

  it("frees tensors with the last State that holds them", () => {
    const first = unflattenState([[["w"], { ...leaf(0), value: tf.zeros([1]) }]]);
    const second = mapState((_, each) => each, first);
    const tensor = leafValue<tf.Tensor>(first.w as VariableState);
    dispose(first);
    expect(tensor.isDisposed).toBe(false);
    dispose(second);
    expect(tensor.isDisposed).toBe(true);
  });

  it("ends with the scope, unless the State is one that a model keeps", () => {
    let inner: State | undefined;
    let kept: State | undefined;
    tf.tidy(() => {
      inner = unflattenState([[["w"], leaf(1)]]);
      kept = makeKeptState({ w: leaf(tf.zeros([1])) }, [tf.zeros([1])]);
    });
    expect([isOwner(inner!), isOwner(kept!)]).toEqual([false, true]);
    expect(() => flattenState(inner!)).toThrow("belonged to a scope");
    disposeOwner(kept!);
  });
});

describe("order and paths", () => {
  it("sorts names, and numbers among them by value", () => {
    const values = unflattenState([2, 10, 1, 0].map((i) => [["list", i], leaf(i)] as const));
    expect(flattenState(values).map(([path]) => path)).toEqual([0, 1, 2, 10].map((i) => ["list", i]));
    expect(leavesOf(values)).toHaveLength(4);
  });

  it("keeps what a filter takes as a whole, and leaves out the rest", () => {
    const values = made();
    const [a, rest] = splitState(values, (path) => path[0] === "a", true);
    expect(a.a).toBe(values.a);
    expect([Object.keys(a), Object.keys(rest)]).toEqual([["a"], ["b"]]);
    const half = filterState(values, (path) => path.at(-1) === "x");
    expect(flattenState(half).map(([path]) => path.join("."))).toEqual(["a.x"]);
    const both = filterState(values, "none", (path) => path[0] === "b");
    expect(both.map((each) => flattenState(each).length)).toEqual([0, 1]);
  });

  it("merges and subtracts by path", () => {
    const values = made();
    const other = unflattenState([
      [["a", "x"], leaf(10)],
      [["c"], leaf(4)],
    ]);
    const merged = mergeState(values, other);
    expect(toPure(merged)).toEqual({ a: { x: 10, y: 2 }, b: 3, c: 4 });
    expect(merged.b).toBe(values.b);
    expect(toPure(mergeState(values, {}))).toEqual(toPure(values));
    expect(mergeState(values)).toBe(values);
    expect(toPure(diffState(values, other))).toEqual({ a: { y: 2 }, b: 3 });
    expect(toPure(diffState(other, values))).toEqual({ c: 4 });
    expect(toPure(mergeState(values, unflattenState([[["a"], leaf(5)]])))).toEqual({ a: 5, b: 3 });
  });

  it("takes pure values by name and by index, and refuses those of no leaf", () => {
    const values = unflattenState([
      [["list", 0], leaf(1)],
      [["list", 1], leaf(2)],
      [["w"], leaf(3)],
    ]);
    const pure = (given: unknown): unknown => toPure(replaceByPure(values, given as never));
    expect(pure({ list: [5, 6] })).toEqual({ list: { 0: 5, 1: 6 }, w: 3 });
    expect(pure({ list: { 1: 7 }, w: leaf(8) })).toEqual({ list: { 0: 1, 1: 7 }, w: 8 });
    expect(pure({ w: undefined })).toEqual({ list: { 0: 1, 1: 2 }, w: undefined });
    expect(pure({})).toEqual(toPure(values));
    const refused: [unknown, string][] = [
      [{ v: 1 }, "replaceByPure at v: expected paths that the State has, got 1."],
      [{ list: 5 }, "replaceByPure at list: expected an object of values, got 5."],
      [{ list: [1, 2, 3] }, "replaceByPure at list.2: expected paths that the State has, got 3."],
      [{ toString: 1 }, "replaceByPure at toString: expected paths that the State has"],
      [5, "replaceByPure at (root): expected an object of values, got 5."],
      [new Map(), "replaceByPure at (root): expected an object of values, got an instance of Map."],
    ];
    for (const [given, message] of refused) expect(() => pure(given)).toThrow(message);
    expect(replaceByPure(leaf(1) as never, 5 as never)).toMatchObject({ value: 5 });
    expect(replaceByPure(leaf(1) as never, leaf(6) as never)).toMatchObject({ value: 6 });
  });
});
