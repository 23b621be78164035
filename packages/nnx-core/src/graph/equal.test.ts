/** @file When two definitions are the same, and which number each has. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  allOf,
  BatchStat,
  equalGraphDefs,
  type GraphDef,
  graphdef,
  graphDefFromJson,
  type GraphDefJson,
  graphDefToJson,
  hashGraphDef,
  merge,
  Module,
  not,
  ofType,
  Param,
  pathContains,
  pathIn,
  printGraphDef,
  registerFactory,
  registerFunction,
  registerModule,
  split,
  state,
  withTag,
} from "../index.ts";

class Bag extends Module {
  constructor(attributes: object) {
    super();
    Object.assign(this, attributes);
  }
}
class Other extends Bag {}
registerModule("equal.Bag", Bag);
registerModule("equal.Other", Other);
registerFunction("equal.sqrt", Math.sqrt);
const scale = registerFactory("equal.scale", (by: number) => (x: number) => x * by);

/** The same definition, of which nothing is the same object. */
function copied(made: GraphDef): GraphDef {
  const nodes = made.nodes.map((node) =>
    node.kind === "variable"
      ? { ...node }
      : { ...node, keys: [...node.keys], attributes: node.attributes.map((each) => ({ ...each })) },
  );
  return { nodes, root: { ...made.root }, leafCount: made.leafCount };
}
const throughJson = (made: GraphDef): GraphDef =>
  graphDefFromJson(JSON.parse(JSON.stringify(graphDefToJson(made))) as GraphDefJson);

const shared = new Param(1);
const kept = (type: typeof Param | typeof BatchStat, tag = "a") => state({ w: new type(1, { tag }) });

/** Models of which no two have one definition. */
const models: Readonly<Record<string, unknown>> = {
  nothing: new Bag({}),
  number: new Bag({ x: 1 }),
  "another number": new Bag({ x: 2 }),
  "another name": new Bag({ y: 1 }),
  "two numbers": new Bag({ x: 1, y: 1 }),
  "another class": new Other({ x: 1 }),
  array: new Bag({ x: tf.zeros([1]) }),
  Param: new Bag({ x: new Param(1) }),
  "another type": new Bag({ x: new BatchStat(1) }),
  metadata: new Bag({ x: new Param(1, { tag: "a" }) }),
  "other metadata": new Bag({ x: new Param(1, { tag: "b" }) }),
  "a module": new Bag({ x: new Bag({}) }),
  "another module": new Bag({ x: new Other({}) }),
  "two Params": new Bag({ x: new Param(1), y: new Param(1) }),
  "one Param twice": new Bag({ x: shared, y: shared }),
  "one Param twice, and another": new Bag({ x: shared, y: shared, z: new Param(1) }),
  "two Params, the first twice": new Bag({ x: shared, y: new Param(1), z: shared }),
  "two Params, the second twice": new Bag({ x: new Param(1), y: shared, z: shared }),
  list: new Bag({ x: [new Param(1)] }),
  "a longer list": new Bag({ x: [new Param(1), new Param(1)] }),
  "a list with a number": new Bag({ x: [new Param(1), 5] }),
  Map: new Bag({ x: new Map([[0, new Param(1)]]) }),
  record: new Bag({ x: { a: new Param(1) } }),
  "another record": new Bag({ x: { b: new Param(1) } }),
  State: new Bag({ x: kept(Param) }),
  "a State of another type": new Bag({ x: kept(BatchStat) }),
  "a State of other metadata": new Bag({ x: kept(Param, "b") }),
  "a State with an array": new Bag({ x: state({ w: tf.zeros([1]) }) }),
  "nothing by name": new Bag({ x: undefined }),
  "a Param alone": new Param(1),
  "a BatchStat alone": new BatchStat(1),
  "an array alone": tf.zeros([1]),
  "a list alone": [new Param(1)],
  "a function": new Bag({ x: Math.sqrt }),
  "a factory's function": new Bag({ x: scale(2) }),
  "another of the factory": new Bag({ x: scale(3) }),
  filter: new Bag({ x: allOf(withTag("a"), ofType(Param), pathIn(["a"]), pathContains("b")) }),
  "another tag": new Bag({ x: allOf(withTag("b"), ofType(Param), pathIn(["a"]), pathContains("b")) }),
  "another type in a filter": new Bag({
    x: allOf(withTag("a"), ofType(BatchStat), pathIn(["a"]), pathContains("b")),
  }),
  "another path": new Bag({ x: allOf(withTag("a"), ofType(Param), pathIn(["b"]), pathContains("b")) }),
  "part of a name": new Bag({
    x: allOf(withTag("a"), ofType(Param), pathIn(["a"]), pathContains("b", { exact: false })),
  }),
  "another filter": new Bag({ x: not(withTag("a")) }),
};
const all = Object.entries(models).map(([name, model]) => ({ name, made: graphdef(model) }));

describe("definitions", () => {
  it.each(all)("$name: equals its copies, and no other", ({ name, made }) => {
    const again = copied(made);
    for (const each of all) {
      const wanted = each.name === name;
      expect(equalGraphDefs(again, each.made), each.name).toBe(wanted);
      expect(equalGraphDefs(each.made, again), each.name).toBe(wanted);
      expect(equalGraphDefs(again, copied(each.made)), each.name).toBe(wanted);
    }
    expect(hashGraphDef(again)).toBe(hashGraphDef(made));
    expect(hashGraphDef(copied(graphdef(models[name])))).toBe(hashGraphDef(made));
    expect(printGraphDef(again)).toBe(printGraphDef(made));
  });

  it.each(all)("$name: goes through JSON", ({ made }) => {
    const again = throughJson(made);
    expect(equalGraphDefs(again, made)).toBe(true);
    expect(hashGraphDef(again)).toBe(hashGraphDef(made));
    expect(printGraphDef(again)).toBe(printGraphDef(made));
  });

  it("have numbers of their own, where the order of walks is the only difference, too", () => {
    // Filters and functions of one factory have the number of the factory.
    const own = all.filter(({ name }) => !/filter|tag|path|part of|factory/.test(name));
    expect(new Set(own.map(({ made }) => hashGraphDef(made))).size).toBe(own.length);
  });

  it("have a number that stays, whatever is in them", () => {
    class Local {}
    const model = new Bag({
      functions: [Math.sqrt, scale(2), scale],
      plain: { z: null, a: [true, "x", -0, 3n, undefined], m: { c: 1, b: 2 } },
      map: new Map([["k", 1]]),
      bare: Object.assign(Object.create(null) as object, { a: 1 }),
      instance: new Local(),
      kept: kept(Param),
      part: new Other({ p: new Param(1, { tag: "a", axes: ["x", null] }) }),
      list: [tf.zeros([1])],
    });
    expect([model, new Param(1), tf.zeros([1])].map((each) => hashGraphDef(graphdef(each)))).toEqual([
      3698579767298333, 5748692628969462, 3177122337911055,
    ]);
  });

  it.each([
    ["ab", "ba"],
    ["abc", "cba"],
    ["bac", "acb"],
  ])("do not depend on the order in which records and Maps were filled: %s, %s", (one, other) => {
    const of = (names: string, make: (entries: [string, string][]) => unknown) =>
      graphdef(new Bag({ x: make(names.split("").map((name) => [name, name])) }));
    for (const make of [Object.fromEntries, (entries: [string, string][]) => new Map(entries)]) {
      expect(equalGraphDefs(of(one, make), of(other, make))).toBe(true);
      expect(hashGraphDef(of(one, make))).toBe(hashGraphDef(of(other, make)));
    }
  });

  it("are compared anew after a change, as long as they can change", () => {
    const made = copied(graphdef(new Bag({ x: 1 })));
    const before = hashGraphDef(made);
    const [node] = made.nodes as unknown as { attributes: object[] }[];
    Object.assign(node!.attributes[0]!, { value: 2 });
    expect(equalGraphDefs(made, graphdef(models.number))).toBe(false);
    expect(hashGraphDef(made)).not.toBe(before);
    expect(hashGraphDef(made)).toBe(hashGraphDef(graphdef(models["another number"])));
  });

  it("lead to another model after a change, as long as they can change", () => {
    const made = copied(graphdef(new Bag({ x: new Param(1) }))) as GraphDef<object>;
    expect(Object.keys(merge(made, { x: 1 }))).toEqual(["x"]);
    const [node] = made.nodes as unknown as { keys: string[] }[];
    node!.keys[0] = "y";
    expect(() => merge(made, { x: 1 })).toThrow("nothing at y, and x, which the model does not have");
  });

  it("have an entry for each part, of however many, and for values that were in none before", () => {
    const parts = Array.from({ length: 10_100 }, () => new Param(0));
    const value = Symbol("new");
    const [made] = split(new Bag({ parts, value }));
    const [bag, list] = made.nodes as unknown as { readonly attributes: readonly object[] }[];
    expect(list!.attributes.at(-1)).toEqual({ kind: "node", index: 10_101 });
    expect(bag!.attributes).toContainEqual({ kind: "static", value });
  });

  it("tell zeros apart, and keep objects as they are", () => {
    for (const value of [0, -0, null, [1], Math.sqrt, undefined]) {
      const again = merge(...split(new Bag({ x: value, p: shared })));
      expect(Object.is(Reflect.get(again, "x"), value)).toBe(true);
    }
  });
});

describe("the JSON of a definition", () => {
  const json = graphDefToJson(graphdef(new Bag({ x: new Param(1), s: 1 })));
  const without = (name: string): object =>
    Object.fromEntries(Object.entries(json).filter(([key]) => key !== name));

  it.each<[string, unknown]>([
    ["nothing", null],
    ["a text", "nnx.graphdef"],
    ["no format", without("format")],
    ["another format", { ...json, format: "nnx" }],
    ["no version", without("version")],
    ["another version", { ...json, version: 2 }],
    ["no nodes", without("nodes")],
    ["nodes that are no list", { ...json, nodes: {} }],
    ["no number of leaves", without("leafCount")],
    ["half a leaf", { ...json, leafCount: 0.5 }],
  ])("is refused with %s", (_, given) => {
    expect(() => graphDefFromJson(given as GraphDefJson)).toThrow(
      'graphDefFromJson: expected { format: "nnx.graphdef", version: 1, ... }, got',
    );
  });

  const root = (given: unknown): GraphDefJson => ({ ...json, root: given as never });
  const first = (given: object): GraphDefJson => ({
    ...json,
    nodes: [given as never, json.nodes[1] as never],
  });
  it.each<[string, GraphDefJson]>([
    ["at root: expected an attribute", root({})],
    ["at root: expected an attribute", root({ array: 1 })],
    ["at root: expected an attribute", root({ node: -1 })],
    ["at root: expected an attribute", root({ node: 0.5 })],
    ["at root: expected an attribute", root({ node: "0" })],
    ["at root: expected a node or an attribute, got an array", root([])],
    ["at root.metadata: expected an object, got 5", root({ leaf: "Param", metadata: 5 })],
    ["at root.metadata.a: expected", root({ leaf: "Param", metadata: { a: { $: "none" } } })],
    ["at nodes.0: expected a node", first({ container: "other", attributes: [] })],
    ["at nodes.0: expected a list", first({ container: "record" })],
    ["at nodes.0: expected a text, got 5", first({ module: 5, attributes: [] })],
    [
      "at nodes.0.attributes.0: expected a name and an attribute",
      first({ container: "record", attributes: [[null, { array: true }]] }),
    ],
    ["at nodes.0.attributes.0: expected a list", first({ container: "record", attributes: [5] })],
    [
      "at nodes.0.attributes.0.static: expected",
      first({ container: "record", attributes: [["x", { static: { $: "none" } }]] }),
    ],
    ["at nodes.0.metadata: expected an object", first({ variable: "Param", metadata: [] })],
  ])("is refused with its place: %s", (message, given) => {
    expect(() => graphDefFromJson(given)).toThrow(`graphDefFromJson ${message}`);
  });
});
