/** @file The rules of update, pop, clone, map and their kin. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  asPure,
  BatchStat,
  clone,
  dispose,
  flattenState,
  map,
  Module,
  Param,
  pop,
  recursiveMap,
  setMetadata,
  split,
  type State,
  state,
  toPure,
  update,
  Variable,
} from "../index.ts";
import { Bag } from "../../test/bag.ts";

class Layer extends Module {
  readonly kernel: Param<number>;
  readonly stat: BatchStat<number> = new BatchStat(0);
  constructor(kernel: number) {
    super();
    this.kernel = new Param(kernel);
  }
}
const at = (bag: object, ...names: (string | number)[]): unknown =>
  names.reduce<unknown>((x, name) => Reflect.get(x as object, name), bag);
const pathsOf = (values: State): string[] => flattenState(values).map(([path]) => path.join("."));

describe("update", () => {
  it("says so when a State and a model are swapped", () => {
    const layer = new Layer(1);
    expect(() => update(state(layer), layer as never)).toThrow(
      "got an instance of Layer. The model comes first: update(model, state).",
    );
  });

  it("writes into the Variables that are there: identity and type stay, metadata follow, types are not compared", () => {
    const layer = new Layer(1);
    const { kernel } = layer;
    update(layer, { kernel: new BatchStat(5, { tag: "new" }).toState() } as unknown as State);
    expect(layer.kernel).toBe(kernel);
    expect([kernel.value, kernel.type, kernel.metadata]).toEqual([5, Param, { tag: "new" }]);
    expect(layer.stat.value).toBe(0);
  });

  it("takes values without Variables around them, and several States of which later ones win", () => {
    const layer = new Layer(1);
    update(layer, { kernel: 7 });
    expect(layer.kernel.value).toBe(7);
    update(layer, state(new Layer(1)), state(new Layer(2), Param));
    expect(layer.kernel.value).toBe(2);
    update(layer, toPure(state(new Layer(3))));
    expect(layer.kernel.value).toBe(3);
  });

  it("takes undefined as a value, among several States too", () => {
    const bag = new Bag({ x: new Variable<unknown>(1), inner: { y: new Variable(2) } });
    update(
      bag,
      { x: undefined } as unknown as State,
      { inner: { y: 3 }, made: undefined } as unknown as State,
    );
    expect([at(bag, "x", "value"), at(bag, "inner", "y", "value")]).toEqual([undefined, 3]);
    expect(Object.hasOwn(bag, "made")).toBe(true);
  });

  it("creates what is not there, around Variables of its own, and appends to arrays", () => {
    const bag = new Bag({ list: [new Param(0)], map: new Map([[1, new Param(1)]]), empty: [] });
    const more = new Bag({
      added: new Param(9),
      list: [new Param(1), new Param(2), new Param(3)],
      map: new Map([[2, new Param(4)]]),
      empty: [new Param(5)],
      sub: { deep: new Param(6) },
    });
    update(bag, state(more));
    expect(pathsOf(state(bag))).toEqual([
      "added",
      "empty.0",
      "list.0",
      "list.1",
      "list.2",
      "map.1",
      "map.2",
      "sub.deep",
    ]);
    expect(at(bag, "added")).not.toBe(at(more, "added"));
    expect(at(bag, "added")).toBeInstanceOf(Param);
  });

  it("replaces static values", () => {
    const bag = new Bag({ x: 3 });
    update(bag, { x: 4 });
    expect(at(bag, "x")).toBe(4);
  });

  it.each([
    ["a leaf where a module is", { layer: new Param(1).toState() }, /update at layer: expected a State/],
    [
      "a subtree where a Variable is",
      { p: { q: new Param(1).toState() } },
      /update at p: expected a value for the Param/,
    ],
    [
      "an index with a hole before it",
      { list: { 5: new Param(1).toState() } },
      /update at list.5: expected an index/,
    ],
    ["a name in an array", { list: { x: new Param(1).toState() } }, /update at list.x: expected an index/],
  ])("refuses %s, and writes nothing", (_, bad, message) => {
    const bag = new Bag({
      layer: new Layer(1),
      p: new Param(1),
      list: [new Param(1)],
      a: new Param(0),
      z: new Param(0),
    });
    expect(() => update(bag, { a: 5, ...bad, z: 5 } as unknown as State)).toThrow(message);
    expect([at(bag, "a", "value"), at(bag, "z", "value")]).toEqual([0, 0]);
  });

  it("ignores an empty subtree on a Variable, and refuses what is no model", () => {
    const layer = new Layer(1);
    update(layer, { kernel: {} });
    expect(layer.kernel.value).toBe(1);
    expect(() => update(5, {})).toThrow(/update: expected a module, Variable or container, got 5/);
  });

  it("takes exactly one State that is not empty for a Variable", () => {
    const variable = new Param(1);
    const [, none, value] = split(new Param(2), false, true);
    update(variable, none, value);
    expect(variable.value).toBe(2);
    expect(() => update(variable, value, value)).toThrow(
      /exactly one State that is not empty for a Variable, got 2/,
    );
  });
});

describe("pop", () => {
  it("removes what the first filter matches and returns it; static values and aliases stay", () => {
    const shared = new Param(1, { tag: "s" });
    const bag = new Bag({ a: shared, b: shared, layer: new Layer(2), n: 5, tensor: tf.zeros([1]) });
    const [params, stats] = pop(bag, Param, [BatchStat, "s"]) as [State, State];
    expect([pathsOf(params), pathsOf(stats)]).toEqual([["a", "layer.kernel"], ["layer.stat"]]);
    expect(Object.keys(bag).sort()).toEqual(["b", "layer", "n", "tensor"]);
    expect(shared.value).toBe(1);
    expect(pathsOf(pop(bag, (path) => path[0] === "tensor"))).toEqual(["tensor"]);
  });

  it("removes from objects and Maps, never from arrays: nothing is removed then", () => {
    const bag = new Bag({ map: new Map([["x", new Param(1)]]), record: { k: new Param(2) } });
    expect(pathsOf(pop(bag, true))).toEqual(["map.x", "record.k"]);
    const withList = new Bag({ a: new Param(0), list: [new Param(1)] });
    expect(() => pop(withList, Param)).toThrow(/pop at list.0: expected a leaf of a module, object or Map/);
    expect(pathsOf(state(withList))).toEqual(["a", "list.0"]);
    // @ts-expect-error no filter
    expect(() => pop(bag)).toThrow(/pop: expected at least one filter/);
  });

  it("moves the tensors into the State: a Variable that is nowhere else is disposed", () => {
    const before = tf.memory().numTensors;
    const bag = new Bag({ w: new Param(tf.zeros([2])) });
    const variable = at(bag, "w") as Param<tf.Tensor>;
    const popped = pop(bag, Param) as State;
    expect(variable.isDisposed).toBe(true);
    update(bag, popped);
    dispose([bag, popped]);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("clone, map and the rest", () => {
  it("clone makes new Variables around the same arrays, or new modules around the same Variables", () => {
    const tensor = tf.zeros([1]);
    const bag = new Bag({ p: new Param(tensor) });
    const copy = clone(bag);
    expect(at(copy, "p")).not.toBe(at(bag, "p"));
    expect(at(copy, "p", "value")).toBe(tensor);
    const around = clone(bag, { variables: false });
    expect(around).not.toBe(bag);
    expect(at(around, "p")).toBe(at(bag, "p"));
    dispose(around);
    expect(at(bag, "p", "isDisposed")).toBe(false);
    expect(clone([new Param(1)])[0]?.value).toBe(1);
  });

  it("map makes a new model of other leaves, with or without Variables around them", () => {
    const shared = new Layer(1);
    const bag = new Bag({ one: shared, two: shared });
    const doubled = map((_, leaf) => (leaf.type === Param ? (leaf.value as number) * 2 : leaf), bag);
    expect(at(doubled, "one", "kernel", "value")).toBe(2);
    expect(at(doubled, "two")).toBe(at(doubled, "one"));
    expect(shared.kernel.value).toBe(1);
    const paths = map((path) => path.join("/"), bag, { recreateVariables: false });
    expect(at(paths, "one", "kernel")).toBe("one/kernel");
  });

  it("recursiveMap replaces from the inside out, what is shared once", () => {
    const shared = new Layer(1);
    const bag = new Bag({ one: shared, two: [shared], n: 1 });
    const seen: string[] = [];
    const result = recursiveMap((path, value) => {
      seen.push(path.join("."));
      if (value instanceof Layer) return new Layer(7);
      return typeof value === "number" ? value + 1 : value;
    }, bag) as object;
    expect(seen).toEqual(["n", "one.kernel", "one.stat", "one", "two", ""]);
    expect(at(result, "n")).toBe(2);
    expect(at(result, "one", "kernel", "value")).toBe(7);
    expect(at(result, "two", 0)).toBe(at(result, "one"));
    expect([at(bag, "n"), at(bag, "one")]).toEqual([1, shared]);
    Reflect.set(bag, "me", bag);
    expect(() => recursiveMap((_, value) => value, bag)).toThrow(
      /recursiveMap at me: expected a model without cycles/,
    );
  });

  it("asPure takes values out of Variables and leaves, setMetadata marks many Variables", () => {
    const layer = new Layer(3);
    expect(asPure([new Variable(1), { a: new Param("x") }, 5, new Map([[1, new Param(2)]])])).toEqual([
      1,
      { a: "x" },
      5,
      new Map([[1, 2]]),
    ]);
    expect(asPure(layer)).toEqual({ kernel: 3, stat: 0 });
    expect(asPure(state(layer))).toEqual({ kernel: 3, stat: 0 });
    layer.kernel.setMetadata({ kept: 1 });
    setMetadata(layer, { tag: "t" }, { only: Param });
    expect(layer.kernel.metadata).toEqual({ kept: 1, tag: "t" });
    expect(layer.stat.metadata).toEqual({});
  });

  it("several models that share are split as one array, and come back sharing", () => {
    const shared = new Layer(1);
    const [def, all] = split([new Bag({ s: shared }), new Bag({ s: shared })]);
    expect(pathsOf(all)).toEqual(["0.s.kernel", "0.s.stat"]);
    const [a, b] = map((_, leaf) => leaf, [new Bag({ s: shared }), new Bag({ s: shared })] as const);
    expect(at(a, "s")).toBe(at(b, "s"));
    expect(def.leafCount).toBe(2);
  });
});
