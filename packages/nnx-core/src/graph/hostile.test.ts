/**
 * @file Whatever functions on States, graphs and JSON are given: they end, are right or refuse it,
 * and leave models and prototypes alone.
 */
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { rounds } from "../../../../scripts/rounds.ts";
import * as nnx from "../index.ts";
import {
  anything,
  big,
  cyclic,
  cyclicList,
  graphdef,
  Inner,
  json,
  jsonValue,
  Model,
  model,
  named,
  proxied,
  state,
} from "../../test/hostile-data.ts";

/** Takes all of a generator. */
const all = (items: Iterable<unknown>): void => {
  let left = 100_000;
  for (const _ of items) if (left-- === 0) return;
};

type Call = (x: never, y: never) => unknown;
const target = () => new Model();
const one = (_: unknown): tf.Tensor => tf.scalar(1);
const calls: Readonly<Record<string, Call>> = {
  flattenState: (x) => nnx.flattenState(x),
  unflattenState: (x) => nnx.unflattenState(x),
  filterState: (x) => nnx.filterState(x, nnx.Param),
  "filterState by a given filter": (x) => nnx.filterState(state, x),
  splitState: (x) => nnx.splitState(x, nnx.Param, true),
  mergeState: (x, y) => nnx.mergeState(x, y),
  "mergeState of one's own": (x) => nnx.mergeState(state, x),
  mapState: (x) => nnx.mapState((_, leaf) => leaf, x),
  "mapState to anything": (x) => nnx.mapState(() => x, state),
  "mapState by anything": (x, y) => nnx.mapState(x, y),
  mapValues: (x) => nnx.mapValues((value) => value, x),
  "mapValues to anything": (x) => nnx.mapValues(() => x, state),
  diffState: (x, y) => nnx.diffState(x, y),
  diffPatches: (x) => nnx.diffPatches(state, x),
  applyPatches: (x) => nnx.applyPatches(state, x),
  "applyPatches to anything": (x, y) => nnx.applyPatches(x, y),
  updateState: (x) => nnx.updateState(x, (draft: object) => void Reflect.get(draft, "a")),
  "updateState with anything": (x) =>
    nnx.updateState(state as nnx.State, (draft) => void Reflect.set(draft, "a", x)),
  toPure: (x) => nnx.toPure(x),
  replaceByPure: (x) => nnx.replaceByPure(state, x),
  "replaceByPure of anything": (x, y) => nnx.replaceByPure(x, y),
  asPure: (x) => nnx.asPure(x),
  merge: (x) => nnx.merge(graphdef, x),
  "merge of two": (x) => nnx.merge(graphdef, state, x),
  "merge by any definition": (x, y) => nnx.merge(x, y),
  split: (x) => nnx.split(x),
  "split by any filters": (x, y) => nnx.split(model, x, y),
  state: (x) => nnx.state(x),
  graphdef: (x) => nnx.graphdef(x),
  clone: (x) => nnx.clone(x),
  "clone with any options": (x) => nnx.clone(model, x),
  map: (x) => nnx.map((_, leaf) => leaf, x),
  "map by anything": (x, y) => nnx.map(x, model, y),
  recursiveMap: (x) => nnx.recursiveMap((_, value) => value, x),
  findDuplicates: (x, y) => nnx.findDuplicates(x, y),
  iterGraph: (x) => all(nnx.iterGraph(x)),
  iterNodes: (x) => all(nnx.iterNodes(x)),
  iterModules: (x) => all(nnx.iterModules(x)),
  iterChildren: (x) => all(nnx.iterChildren(x)),
  iterModuleChildren: (x) => all(nnx.iterModuleChildren(x)),
  call: (x) => (nnx.call(x) as unknown as { size(): unknown }).size(),
  "call with any State": (x) =>
    (nnx.call([graphdef, x]) as unknown as { iterModules(): unknown }).iterModules(),
  graphDefFromJson: (x) => nnx.graphDefFromJson(x),
  graphDefToJson: (x) => nnx.graphDefToJson(x),
  printGraphDef: (x) => nnx.printGraphDef(x),
  equalGraphDefs: (x) => nnx.equalGraphDefs(graphdef, x),
  hashGraphDef: (x) => nnx.hashGraphDef(x),
  unpack: (x) => nnx.unpack(x),
  toPredicate: (x, y) => nnx.toPredicate(x)(["a"], y),
  pathIn: (x) => nnx.pathIn(x),
  "capture with any options": (x) => nnx.capture(() => 1, nnx.Intermediate, x)(model),
  "capture from any State": (x) => nnx.capture(() => 1, nnx.Intermediate, { init: x })(model),
  summarize: (x) => nnx.summarize(x),
  viewInfo: (x) => nnx.viewInfo(x),
  stopGradient: (x) => nnx.stopGradient(x),
  vjp: (x, y) => nnx.vjp(x, y),
  "vjp at any arguments": (x) => nnx.vjp(one, x)[1].dispose(),
  jvp: (x, y) => nnx.jvp(one, x, y),
  "grad of anything": (x) => nnx.grad(x)(tf.scalar(1) as never),
  "grad by anything": (x) => nnx.grad(one)(x),
  "grad with any options": (x) => nnx.grad(one, x as { wrt: string })(model),
  "grad at any places": (x) => nnx.grad(one, { argnums: x as 0 })(model),
  "grad by any filter": (x) => nnx.grad(one, { wrt: x })(model),
  "vmap over anything": (x) => nnx.vmap(one)(x),
  "vmap along any axes": (x, y) => nnx.vmap(one, { inAxes: x, outAxes: y })(tf.ones([2])),
  "scan over anything": (x, y) => nnx.scan((c, each) => [c, each])(x, y),
  "scan along any axes": (x, y) => nnx.scan(one, { inAxes: x, outAxes: y })(tf.ones([2])),
  "StateAxes of anything": (x) => new nnx.StateAxes(x),
  "cond of anything": (x, y) => nnx.cond(x, one, one, y),
  "switch of anything": (x, y) => nnx.switch(x, [one], y),
  "foriLoop of anything": (x) => nnx.foriLoop(0, 2, (_, y) => y, x),
  "evalShape of anything": (x) => nnx.evalShape(one, x),
  "asAbstract of anything": (x) => nnx.asAbstract(x),
  "remat of anything": (x) => nnx.remat(x),
  "customVjp with any rules": (x, y) => nnx.customVjp(one).defvjp(x, y),
  keep: (x) => nnx.keep(x),
};
/** What may write: each call on a model of its own, which must be as before when the call fails. */
const writes: Readonly<Record<string, (model: Model, x: never, y: never) => unknown>> = {
  update: (m, x) => nnx.update(m, x),
  "update of two": (m, x, y) => nnx.update(m, x, y),
  "update strictly": (m, x) => nnx.update(m, [x], { strict: true }),
  "update with any options": (m, x, y) => nnx.update(m, [x], y),
  pop: (m, x) => nnx.pop(m, x),
  setMetadata: (m, x, y) => nnx.setMetadata(m, x, y),
  setAttributes: (m, x, y) => nnx.setAttributes(m, x, y),
  withAttributes: (m, x) => nnx.withAttributes(m, x),
  setMode: (m, x, y) => nnx.setMode(m, x, y),
  view: (m, x, y) => nnx.view(m, x, y),
};

/** What must not change: names, prototypes and values, as one text. */
const bitsOf = (m: Model): string =>
  `${nnx.printGraphDef(nnx.graphdef(m))} ${JSON.stringify(nnx.toPure(nnx.state(m)))}`;
const globalsOf = (): string =>
  [Object.prototype, Array.prototype, Function.prototype, Model.prototype, Map.prototype]
    .map((p) => Reflect.ownKeys(p).map(String).join())
    .join(";");
const bits = bitsOf(model);
const globals = globalsOf();

/**
 * Runs to an end (the runner stops what hangs); what it throws is this library's, and says where.
 */
function attempt(where: string, f: () => unknown): boolean {
  try {
    f();
    return true;
  } catch (error) {
    if (!(error instanceof nnx.NnxError)) throw error;
    expect(error.message, where).toMatch(/expected [\s\S]*got /);
    return false;
  }
}

const runs = { numRuns: rounds(25, 300), interruptAfterTimeLimit: 4_000 };

afterEach(() => {
  expect(bitsOf(model)).toBe(bits);
  expect(globalsOf()).toBe(globals);
});

describe("given anything", () => {
  it.each(Object.entries(calls))("%s", (where, f) => {
    fc.assert(
      fc.property(anything, anything, (x, y) => {
        attempt(where, () => f(x as never, y as never));
      }),
      runs,
    );
  });

  it.each(Object.entries(writes))("%s: all or nothing", (where, f) => {
    fc.assert(
      fc.property(anything, anything, (x, y) => {
        const written = target();
        if (!attempt(where, () => f(written, x as never, y as never))) expect(bitsOf(written)).toBe(bits);
        expect(Object.getPrototypeOf(written)).toBe(Model.prototype);
      }),
      runs,
    );
  });

  it("dispose", () => {
    fc.assert(
      fc.property(fc.oneof(jsonValue, named, cyclic, cyclicList, proxied), (x) => {
        nnx.dispose(x);
      }),
      runs,
    );
  });
});

describe("given what is shared at every level, nested deeply, or made up as it is read", () => {
  // One function for each way of walking: checking States, values, leaves of a definition, graphs,
  // containers, filters.
  const walks = [
    "flattenState",
    "merge",
    "graphdef",
    "iterNodes",
    "findDuplicates",
    "asPure",
    "applyPatches",
    "toPredicate",
  ];
  const each = [
    ...walks.map((where) => [where, calls[where] as Call] as const),
    ["update", (x: never) => nnx.update(target(), x)] as const,
  ];
  it.each(each)("%s", (where, f) => {
    for (const make of big) attempt(where, () => f({ a: make() } as never, 1 as never));
  });

  it("static attributes in JSON", () => {
    for (const make of big) {
      attempt("graphDefToJson", () =>
        nnx.graphDefToJson(nnx.graphdef(Object.assign(new Inner(), { held: make() }))),
      );
      const holder = {
        ...json,
        nodes: [{ module: "hostile.Inner", attributes: [["held", { static: make() }]] }],
        leafCount: 0,
      };
      attempt("graphDefFromJson", () => nnx.graphDefFromJson(holder as never));
    }
  });
});
