/** @file What update does with values that are no State, and with those that cannot be written. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  DisposedError,
  dispose,
  graphdef,
  graphDefToJson,
  merge,
  Module,
  Param,
  registerModule,
  split,
  state,
  StructureError,
  update,
} from "../index.ts";
import { isOwner } from "../state/holding.ts";

class Bag extends Module {
  constructor(attributes: object) {
    super();
    Object.assign(this, attributes);
  }
}
registerModule("update.Bag", Bag);
const at = (model: object, name: string): unknown => Reflect.get(model, name);
const count = (): number => tf.memory().numTensors;
function gone(): tf.Tensor {
  const tensor = tf.zeros([1]);
  tensor.dispose();
  return tensor;
}

describe("update with lists", () => {
  it("writes the items of a list, and replaces one of plain values", () => {
    const list = [new Param(1), new Param(2)];
    const model = new Bag({ list, sizes: [1, 2], mixed: [new Param(3), 5] });
    update(model, { list: [5, 6] as never, sizes: [3] as never, mixed: { 1: 7 } as never });
    expect(at(model, "list")).toBe(list);
    expect(list.map(({ value }) => value)).toEqual([5, 6]);
    expect(at(model, "sizes")).toEqual([3]);
    expect((at(model, "mixed") as unknown[])[1]).toBe(7);
    update(list, [8, 9] as never);
    expect(list.map(({ value }) => value)).toEqual([8, 9]);
  });

  it.each<[string, object]>([
    ["4", { 4: 1 }],
    ["3", { 3: 1 }],
    ["4", { 2: 1, 4: 1 }],
    ["x", { x: 1 }],
  ])("refuses an item that leaves a hole: %s", (key, values) => {
    const model = new Bag({ list: [new Param(1), 2] });
    expect(() => update(model, { list: values as never })).toThrow(
      `update at list.${key}: expected an index of the array up to its length 2`,
    );
    update(model, { list: { 2: 1, 3: 1 } as never });
    expect(at(model, "list")).toHaveLength(4);
  });

  it.each<[string, unknown]>([
    ["a list for a module", [5]],
    ["an array for a module", tf.zeros([1])],
    ["a number for a module", 5],
  ])("refuses %s", (_, values) => {
    const part = new Bag({ p: new Param(1) });
    expect(() => update(new Bag({ part }), { part: values as never })).toThrow(
      "update at part: expected a State",
    );
    expect(() => update(part, values as never)).toThrow(
      "update: expected a State, or values by name, as State 1",
    );
  });
});

describe("update refuses", () => {
  it("a State as the model", () => {
    const values = state(new Bag({ p: new Param(1) }));
    expect(() => update(values, { p: 1 })).toThrow(
      "got a State, which never changes. Use mergeState or updateState.",
    );
    update(new Param<unknown>(1), state(new Param<unknown>(2)));
  });

  it("no State at all", () => {
    expect(() => (update as (model: object) => void)(new Bag({}))).toThrow(
      "expected at least one State, got none",
    );
    expect(() => update(new Bag({}), [], {})).toThrow("expected at least one State, got none");
  });

  it("options that are not after a list, and takes a State of the name", () => {
    const model = new Bag({});
    expect(() => update(model, {}, {}, { strict: true } as never)).toThrow("Pass them after a list");
    update(model, { strict: true } as never);
    expect(at(model, "strict")).toBe(true);
    const other = new Bag({});
    update(other, {}, { strict: false, other: 1 } as never);
    expect(at(other, "other")).toBe(1);
  });

  it("values that contain themselves, for a model that does", () => {
    class Ring extends Module {
      readonly self: Ring = this;
      readonly p = new Param(1);
    }
    const values: Record<string, unknown> = { p: 2 };
    values.self = values;
    const ring = new Ring();
    expect(() => update(ring, values as never)).toThrow("expected values that end, got");
    expect(ring.p.value).toBe(1);
  });

  it.each<[string, () => unknown, string]>([
    ["a Variable", () => ({ p: gone() }), "p"],
    ["a Variable, in a leaf", () => ({ p: { ...(state(new Param(1)) as object), value: gone() } }), "p"],
    ["a Variable of several", () => ({ p: { pair: [gone()] } }), "p"],
    ["an attribute", () => ({ plain: gone() }), "plain"],
    ["an attribute that is new", () => ({ fresh: { deep: gone() } }), "fresh.deep"],
  ])("what is disposed, for %s, and writes nothing", (_, values, path) => {
    const model = new Bag({ first: new Param(1), p: new Param<unknown>(1), plain: 3 });
    const given = { first: 2, ...(values() as object) };
    expect(() => update(model, given as never)).toThrow(DisposedError);
    expect(() => update(model, given as never)).toThrow(`update at ${path}`);
    expect((at(model, "first") as Param<number>).value).toBe(1);
    expect(at(model, "fresh")).toBeUndefined();
  });

  it("a State that was disposed", () => {
    const model = new Bag({ p: new Param(tf.zeros([1])) });
    const values = state(model);
    dispose(values);
    expect(() => update(model, values)).toThrow(DisposedError);
  });

  it("values that cannot be stored, with the cause", () => {
    const model = new Bag({});
    let caught: unknown;
    try {
      update(model, { fresh: { part: new Bag({}) } } as never);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(StructureError);
    expect((caught as Error).message).toMatch(/^update at fresh\.part: /);
  });

  it("to write a kept State in a frozen object, and keeps nothing of one that fails later", () => {
    const values = state({ w: new Param(tf.zeros([1])) });
    const frozen = new Bag({ part: Object.freeze({ kept: values, p: new Param(1) }) });
    expect(() => update(frozen, { part: { kept: { w: 1 } } } as never)).toThrow(
      "update at part.kept: expected an attribute that can be written",
    );
    const model = new Bag({ kept: values, list: [new Param(1)] });
    const next = tf.ones([1]);
    const before = count();
    expect(() => update(model, { kept: { w: next }, list: { 5: 1 } } as never)).toThrow("list.5");
    next.dispose();
    expect(count()).toBe(before - 1);
  });
});

describe("update writes", () => {
  it("null, objects and nothing at all into Variables that hold such", () => {
    const held = new Param<unknown>({ a: 1 });
    const model = new Bag({ held, other: new Param<unknown>(1) });
    update(model, { held: {}, other: {} } as never);
    expect([held.value, (at(model, "other") as Param<unknown>).value]).toEqual([{}, 1]);
    update(model, { held: null, other: null } as never);
    expect([held.value, (at(model, "other") as Param<unknown>).value]).toEqual([null, null]);
    const tensor = tf.ones([1]);
    update(held, tensor as never);
    expect(held.value).toBe(tensor);
    held.dispose();
    update(held, {} as never);
    expect(held.isDisposed).toBe(true);
  });

  it("attributes of its own, where the class has a setter; through setters of the object itself", () => {
    const calls: unknown[] = [];
    class Accessor extends Module {
      set size(value: unknown) {
        calls.push(["class", value]);
      }
    }
    const model = new Accessor();
    update(model, { size: 5 } as never);
    expect([Object.hasOwn(model, "size"), at(model, "size"), calls]).toEqual([true, 5, []]);
    const own = new Bag({});
    Object.defineProperty(own, "size", {
      enumerable: true,
      configurable: true,
      get: () => 1,
      set: (value) => {
        calls.push(["own", value]);
      },
    });
    update(own, { size: 7 } as never);
    expect(calls).toEqual([["own", 7]]);
  });
});

describe("strict update", () => {
  const strict = (model: object, values: unknown) => () => update(model, [values as never], { strict: true });
  it("says all that is wrong at once, at most eight of each", () => {
    const params = (n: number) =>
      Object.fromEntries(Array.from({ length: n }, (_, i) => [`p${i}`, new Param(i)]));
    const advice = "Pass all States of a model like this one, or leave strict out.";
    const leaves = (n: number): string =>
      `update: expected a value for each of the ${n} leaves of the model, of its type, shape and dtype, got `;
    expect(strict(new Bag({ a: new Param(1), b: new Param(1) }), { a: "x", c: 1 })).toThrow(
      `${leaves(2)}nothing at b; and c, which the model does not have; and "x" for 1 at a. ${advice}`,
    );
    expect(strict(new Bag(params(8)), {})).toThrow(
      `${leaves(8)}nothing at p0, p1, p2, p3, p4, p5, p6, p7. ${advice}`,
    );
    expect(strict(new Bag(params(9)), {})).toThrow(
      `${leaves(9)}nothing at p0, p1, p2, p3, p4, p5, p6, p7, and 1 more. ${advice}`,
    );
    expect(strict(new Bag({ a: new Param(1) }), { a: 2, part: { b: 1, c: { d: 2 } } })).toThrow(
      `${leaves(1)}part.b, part.c.d, which the model does not have. ${advice}`,
    );
    expect(strict(new Bag({ a: new Param<unknown>(null) }), { a: 2 })).toThrow(
      `${leaves(1)}2 for null at a.`,
    );
    expect(strict(new Bag({ a: new Param<unknown>(tf.zeros([1, 12])) }), { a: tf.zeros([11, 2]) })).toThrow(
      "a float32[11,2] for a float32[1,12] at a.",
    );
    // Eleven faults of one kind may not count against eleven of another.
    expect(strict(new Bag({ a: new Param(1), b: new Param(1) }), { a: "x", b: 1, c: 1 })).toThrow("c, which");
  });

  it("compares the States that a model keeps leaf by leaf", () => {
    const make = () =>
      new Bag({ kept: state({ w: new Param(1), sub: { v: new Param(2) } }), array: tf.zeros([1]) });
    const values = state(make());
    strict(make(), values)();
    expect(strict(make(), { kept: { w: 5 }, array: tf.zeros([1]) })).toThrow("nothing at kept.sub.v.");
    expect(strict(make(), { kept: { w: 5, sub: { v: "x" } }, array: tf.zeros([1]) })).toThrow(
      '"x" for 2 at kept.sub.v.',
    );
    expect(strict(make(), { kept: { w: 5, sub: { v: 1 } }, array: tf.zeros([2]) })).toThrow(
      "a float32[2] for a float32[1] at array.",
    );
    const more = state({ w: new Param(1), sub: { v: new Param(2) }, more: new Param(1) });
    expect(strict(make(), { kept: more, array: tf.zeros([1]) })).toThrow(
      "got kept.more, which the model does not have.",
    );
  });
});

describe("merge", () => {
  it("frees what it made when a value is disposed, and says where", () => {
    const model = new Bag({ a: new Param(tf.zeros([1])), b: new Param(tf.ones([1])) });
    const [made, values] = split(model);
    (at(model, "b") as Param<tf.Tensor>).value.dispose();
    const before = count();
    expect(() => merge(made, values)).toThrow(DisposedError);
    expect(() => merge(made, state({ c: new Param(1) }), values)).toThrow("merge");
    expect(count()).toBe(before);
    expect((at(model, "a") as Param<tf.Tensor>).value.isDisposed).toBe(false);
  });

  it("makes one State of one that a model keeps, not of its parts", () => {
    const model = new Bag({ kept: state({ w: new Param(1), sub: { v: new Param(2), x: tf.zeros([1]) } }) });
    const kept = at(merge(...split(model)), "kept") as Record<"w" | "sub", object>;
    expect([kept, kept.sub, kept.w].map(isOwner)).toEqual([true, false, false]);
    expect([kept, kept.sub, kept.w].every(Object.isFrozen)).toBe(true);
  });

  it("names at most eight paths", () => {
    const params = (n: number) =>
      new Bag(Object.fromEntries(Array.from({ length: n }, (_, i) => [`p${i}`, new Param(i)])));
    const text = "merge: expected a State with exactly the";
    expect(() => merge(graphdef(params(9)), {})).toThrow(
      `${text} 9 leaves of the GraphDef, got nothing at p0, p1, p2, p3, p4, p5, p6, p7, and 1 more. Pass`,
    );
    expect(() => merge(graphdef(params(8)), {})).toThrow(
      "got nothing at p0, p1, p2, p3, p4, p5, p6, p7. Pass",
    );
    expect(() => merge(graphdef(params(0)), state(params(1)))).toThrow(
      `${text} 0 leaves of the GraphDef, got p0, which the model does not have. Pass`,
    );
  });

  it("makes attributes of its own, where the class has setters for some", () => {
    class Accessor extends Module {
      set size(_: unknown) {
        throw new Error("a setter was called");
      }
    }
    const model = new Accessor();
    for (const [name, value] of [
      ["size", 5],
      ["other", new Param(1)],
    ] as const)
      Object.defineProperty(model, name, { value, enumerable: true });
    expect(at(merge(...split(model)), "size")).toBe(5);
  });
});

describe("static values in JSON", () => {
  const jsonOf = (value: unknown): unknown => {
    const [node] = graphDefToJson(graphdef(new Bag({ value }))).nodes as unknown as {
      attributes: [string, { static: unknown }][];
    }[];
    return node!.attributes[0]![1].static;
  };
  const nested = (levels: number): unknown => {
    let value: unknown = 1;
    for (let i = 0; i < levels; i++) value = [value];
    return value;
  };

  it.each<[unknown, unknown]>([
    [{ a: [1, null, "x", true] }, { a: [1, null, "x", true] }],
    [-0, { $: "number", value: "-0" }],
    [Infinity, { $: "number", value: "Infinity" }],
    [{ $: 1 }, { $: "record", entries: [["$", 1]] }],
    [JSON.parse('{"__proto__":1}'), { $: "record", entries: [["__proto__", 1]] }],
    [new Map([["a", 1]]), { $: "map", entries: [["a", 1]] }],
    [Param, { $: "variable", name: "params" }],
  ])("are written as %j", (value, json) => {
    expect(jsonOf(value)).toEqual(json);
  });

  it("have at most 500 levels, however many there are beside each other", () => {
    expect(jsonOf(nested(500))).toEqual(nested(500));
    expect(() => jsonOf(nested(501))).toThrow("It is nested more than 500 levels deep.");
    expect(jsonOf(Array.from({ length: 600 }, () => [1]))).toHaveLength(600);
  });
});
