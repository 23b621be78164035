/**
 * @file Data that functions are given by mistake, from files, or by somebody who means harm; and a
 * model with something of everything.
 */
import "@tensorflow/tfjs-backend-cpu";
import fc from "fast-check";
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "../src/index.ts";

export class Inner extends nnx.Module {
  readonly kernel: nnx.Param<unknown> = new nnx.Param<unknown>(1);
  readonly stat: nnx.BatchStat<unknown> = new nnx.BatchStat<unknown>({ list: [1, 2], name: "x" });
  deterministic = false;
}
export class Model extends nnx.Module {
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

export const model = new Model();
export const [graphdef, state] = nnx.split(model);
export const json = nnx.graphDefToJson(graphdef);
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
export const jsonValue = fc.json({ maxDepth: 4 }).map((text) => JSON.parse(text) as unknown);
export const named = fc
  .array(
    fc.tuple(
      name,
      fc.oneof(jsonValue, fc.constantFrom<unknown>(1, tf.scalar(1), new nnx.Param(1).toState())),
    ),
    { maxLength: 5 },
  )
  .map((entries) => Object.fromEntries(entries) as unknown);
export const cyclic = fc.tuple(name, name).map(([first, second]) => {
  const node: Record<string, unknown> = {};
  Object.defineProperty(node, first, {
    value: { [second]: node, list: [node] },
    enumerable: true,
    configurable: true,
    writable: true,
  });
  return node as unknown;
});
export const cyclicList = fc.constant(null).map(() => {
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
export const big = [doublingState, doublingList, deepState, deepList, (): unknown => endless({ a: {} })];
export const proxied = jsonValue.map((x) => (typeof x === "object" && x !== null ? new Proxy(x, {}) : x));
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

export const anything: fc.Arbitrary<unknown> = fc.oneof(
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
