/** @file Whatever functions on States, graphs and JSON are given: they end, are right or refuse it, and leave models and prototypes alone. */
import "@tensorflow/tfjs-backend-cpu";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "../index.ts";

class Inner extends nnx.Module {
  readonly kernel: nnx.Param<unknown> = new nnx.Param<unknown>(1);
  readonly stat: nnx.BatchStat<unknown> = new nnx.BatchStat<unknown>({ list: [1, 2], name: "x" });
  deterministic = false;
}
class Model extends nnx.Module {
  readonly a: Inner = new Inner();
  readonly "a.kernel": nnx.Param<number> = new nnx.Param(7);
  readonly list: readonly [nnx.Param<number>, Inner] = [new nnx.Param(2), new Inner()];
  readonly map: ReadonlyMap<string, nnx.Param<number>> = new Map([["k", new nnx.Param(3)]]);
  readonly kept: nnx.State = nnx.state({ w: new nnx.Param(4), sub: { v: new nnx.Param(5) } });
  readonly size = 3;
  me: Model = this;
}
class Other extends nnx.Module {
  readonly b: nnx.Param<number> = new nnx.Param(1);
  readonly a: { readonly deep: nnx.Param<number> } = { deep: new nnx.Param(2) };
}
nnx.registerModule("hostile.Inner", Inner);
nnx.registerModule("hostile.Model", Model);

const model = new Model();
const [graphdef, state] = nnx.split(model);
const json = nnx.graphDefToJson(graphdef);
const otherState = nnx.state(new Other());
const packed = nnx.unpack(new Other());

const names = [
  "a",
  "kernel",
  "a.kernel",
  "w",
  "list",
  "0",
  "type",
  "value",
  "metadata",
  "__proto__",
  "constructor",
  "toString",
  "length",
  "strict",
];
const name = fc.oneof(fc.constantFrom(...names), fc.string({ maxLength: 3 }));

/** As `JSON.parse` gives it: `__proto__` is a key of its own. */
const jsonValue = fc.json({ maxDepth: 4 }).map((text) => JSON.parse(text) as unknown);
const named = fc
  .array(
    fc.tuple(
      name,
      fc.oneof(jsonValue, fc.constantFrom<unknown>(1, tf.scalar(1), new nnx.Param(1).toState())),
    ),
    { maxLength: 5 },
  )
  .map((entries) => Object.fromEntries(entries) as unknown);
const cyclic = fc.tuple(name, name).map(([first, second]) => {
  const node: Record<string, unknown> = {};
  Object.defineProperty(node, first, {
    value: { [second]: node, list: [node] },
    enumerable: true,
    configurable: true,
    writable: true,
  });
  return node as unknown;
});
const cyclicList = fc.constant(null).map(() => {
  const list: unknown[] = [1];
  list.push(list, { list });
  return list as unknown;
});
/** Two references to the level below, 40 times over: 2⁴⁰ paths. */
const doubling = (leaf: unknown, pair: (x: unknown) => unknown): unknown => {
  let node = leaf;
  for (let i = 0; i < 40; i++) node = pair(node);
  return node;
};
const doublingState = (): unknown => doubling(new nnx.Param(1).toState(), (x) => ({ l: x, r: x }));
const doublingList = (): unknown => doubling(1, (x) => [x, x]);
const nested = (leaf: unknown, levels: number, around: (x: unknown) => unknown): unknown => {
  let node = leaf;
  for (let i = 0; i < levels; i++) node = around(node);
  return node;
};
const deepState = (): unknown => nested(new nnx.Param(1).toState(), 3_000, (x) => ({ a: x }));
const deepList = (): unknown => nested(1, 20_000, (x) => [x]);
const endless = (target: object): object =>
  new Proxy(target, {
    get: (t, key) =>
      typeof key === "string" && key !== "toJSON" && key in t ? endless(t) : Reflect.get(t, key),
  });
const big = [doublingState, doublingList, deepState, deepList, (): unknown => endless({ a: {} })];
const proxied = jsonValue.map((x) => (typeof x === "object" && x !== null ? new Proxy(x, {}) : x));
const frozen = named.map((x) => Object.freeze(x));
const objects = fc
  .constantFrom<() => unknown>(
    () => otherState,
    () => packed,
    () => state,
    () => state.a,
    () => new Other(),
    () => model,
    () => new nnx.Param(1),
    () => model.a.kernel,
    () => new Map([["a", 1]]),
    () => new Set([1]),
    () => new Date(0),
    () => Math.abs,
    () => Inner,
    () => graphdef,
    () => json,
    () => nnx.diffPatches(state, otherState),
    () => Symbol("x"),
    () => 5n,
    () => tf.scalar(1),
    () => Object.create({ a: 1 }) as unknown,
    () =>
      new (class Plain {
        a = 1;
      })(),
    () => Promise.resolve(1),
  )
  .map((make) => make());
/** The definition's own JSON with one part replaced. */
const mutated = fc
  .tuple(
    fc.array(fc.nat(6), { maxLength: 6 }),
    fc.oneof(
      jsonValue,
      fc.constantFrom<unknown>(
        { node: 0 },
        -1,
        1e9,
        { $: "bigint", value: "abc" },
        { $: "map", entries: [[1]] },
        { static: { $: "made", factory: "zeros", args: [] } },
      ),
    ),
  )
  .map(([path, value]) => {
    const copy = JSON.parse(JSON.stringify(json)) as object;
    let at = copy;
    for (const step of path) {
      const keys = Object.keys(at);
      const key = keys[step % Math.max(1, keys.length)] ?? "x";
      const next: unknown = Reflect.get(at, key);
      if (typeof next !== "object" || next === null) break;
      at = next;
    }
    const keys = Object.keys(at);
    Reflect.set(at, keys[keys.length - 1] ?? "x", value);
    return copy as unknown;
  });
const lists = fc.array(fc.oneof(jsonValue, fc.tuple(fc.array(name, { maxLength: 3 }), jsonValue)), {
  maxLength: 3,
});
const patches = fc.array(
  fc.record({
    op: fc.constantFrom("add", "remove", "replace", "move"),
    path: fc.array(fc.oneof(name, fc.nat(5)), { maxLength: 4 }),
    value: fc.oneof(jsonValue, objects),
  }),
  { maxLength: 3 },
);

const anything: fc.Arbitrary<unknown> = fc.oneof(
  { arbitrary: jsonValue, weight: 3 },
  { arbitrary: named, weight: 5 },
  { arbitrary: cyclic, weight: 2 },
  { arbitrary: cyclicList, weight: 1 },
  { arbitrary: frozen, weight: 2 },
  { arbitrary: proxied, weight: 2 },
  { arbitrary: objects, weight: 4 },
  { arbitrary: mutated, weight: 3 },
  { arbitrary: lists, weight: 1 },
  { arbitrary: patches, weight: 3 },
);

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

/** Runs in bounded time; what it throws is this library's, and says where. */
function attempt(where: string, f: () => unknown): boolean {
  const start = performance.now();
  try {
    f();
    return true;
  } catch (error) {
    if (!(error instanceof nnx.NnxError)) throw error;
    expect(error.message, where).toMatch(/expected [\s\S]*got /);
    return false;
  } finally {
    expect(performance.now() - start, where).toBeLessThan(3_000);
  }
}

const runs = { numRuns: 60, interruptAfterTimeLimit: 4_000 };

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
  // One function for each way of walking: checking States, values, leaves of a definition, graphs, containers, filters.
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
