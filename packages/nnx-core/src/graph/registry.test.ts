/**
 * @file Names of classes and functions, what JSON says of them, metadata of many Variables, and copies
 * of functions.
 */
import { describe, expect, it } from "vitest";
import {
  BatchStat,
  clone,
  equalGraphDefs,
  type GraphDef,
  graphdef,
  graphDefFromJson,
  type GraphDefJson,
  graphDefToJson,
  hashGraphDef,
  merge,
  Module,
  NnxError,
  Param,
  pathContains,
  registerFactory,
  registerFunction,
  registerModule,
  setMetadata,
  state,
  StructureError,
} from "../index.ts";

class Bag extends Module {
  constructor(attributes: object) {
    super();
    Object.assign(this, attributes);
  }
}
registerModule("registry.Bag", Bag);
const at = (model: unknown, name: string): unknown => Reflect.get(model as object, name);
const throughJson = <M>(made: GraphDef<M>): GraphDef<M> =>
  graphDefFromJson(JSON.parse(JSON.stringify(graphDefToJson(made))) as GraphDefJson);

describe("names", () => {
  it("are free for the same thing again, and a thing keeps its first", () => {
    const nameless = (
      () => () =>
        1
    )();
    registerFunction("registry.nameless", nameless);
    registerFunction("registry.nameless", nameless);
    expect(() =>
      registerFunction(
        "registry.nameless",
        (
          () => () =>
            2
        )(),
      ),
    ).toThrow("expected a free name");
    registerFunction("registry.again", nameless);
    const json = JSON.stringify(graphDefToJson(graphdef(new Bag({ f: nameless }))));
    expect(json).toContain("registry.nameless");
    expect(json).not.toContain("registry.again");
    expect(at(merge(throughJson(graphdef(new Bag({ f: nameless }))), {}), "f")).toBe(nameless);
  });

  it("are what is shown of a class that a minifier renamed", () => {
    class e extends Module {
      readonly part = new Param(1);
      readonly mode = false;
    }
    const before = hashGraphDef(graphdef(new e()));
    expect(String(new e())).toMatch(/^e: /);
    registerModule("my-app/Block", e);
    registerModule("my-app/Other", e);
    expect(String(new e())).toMatch(/^Block: /);
    expect(hashGraphDef(graphdef(new e()))).toBe(before);
    expect(() => graphDefFromJson(new e() as never)).toThrow("an instance of Block");
  });

  it("of factories are the last part, in messages", () => {
    expect(registerFactory("registry.deep.power", (by: number) => (x: number) => x ** by).name).toBe("power");
  });

  it("make what a file that was evaluated again has equal to what it had", () => {
    const evaluate = () => registerFactory("registry.shift", (by: number) => (x: number) => x + by);
    const [old, fresh] = [evaluate(), evaluate()];
    const other = registerFactory("registry.shrink", (by: number) => (x: number) => x - by);
    const of = (f: unknown): GraphDef => graphdef(new Bag({ f }));
    expect(old).not.toBe(fresh);
    expect(equalGraphDefs(of(old), of(fresh))).toBe(true);
    expect(equalGraphDefs(of(old(1)), of(fresh(1)))).toBe(true);
    expect(equalGraphDefs(of(old), of(other))).toBe(false);
    expect(equalGraphDefs(of(old(1)), of(other(1)))).toBe(false);
    expect(equalGraphDefs(of(old), of("shift"))).toBe(false);
    expect(equalGraphDefs(of(Math.sin), of(Math.cos))).toBe(false);
  });

  it("of arguments that were left out do not count", () => {
    const make = registerFactory("registry.optional", (a?: number, b?: number) => () => [a, b]);
    const of = (f: unknown): GraphDef => graphdef(new Bag({ f }));
    expect(equalGraphDefs(of(make()), of(make(undefined, undefined)))).toBe(true);
    expect(equalGraphDefs(of(make(1)), of(make(1, undefined)))).toBe(true);
    expect(equalGraphDefs(of(make(undefined, 1)), of(make(1)))).toBe(false);
    const json = JSON.stringify(graphDefToJson(of(make(1, undefined))));
    expect(json).toContain('"args":[1]');
  });
});

describe("static values from JSON", () => {
  const json = graphDefToJson(graphdef(new Bag({ x: 1 })));
  const read = (value: unknown): unknown => {
    const node = { module: "registry.Bag", attributes: [["x", { static: value }]] };
    return at(merge(graphDefFromJson<object>({ ...json, nodes: [node as never] }), {}), "x");
  };
  let deep: unknown = 1;
  for (let i = 0; i < 500; i++) deep = [deep];
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);

  it("are what was written, and what is one object stays one", () => {
    const shared = [1];
    const both = read([shared, { a: shared }]) as [unknown, { a: unknown }];
    expect(both[0]).toBe(both[1].a);
    expect(read(deep)).toEqual(deep);
    expect(read({ $: "bigint", value: `-${"9".repeat(9_999)}` })).toBe(-(10n ** 9_999n - 1n));
    expect(read({ $: "map", entries: [["a", [1]]] })).toEqual(new Map([["a", [1]]]));
  });

  registerFactory("registry.refuses", (what: string) => {
    if (what === "own") throw new NnxError("refused on purpose");
    if (what === "other") throw new TypeError("failed on purpose");
    return () => what;
  });
  const none = { $: "none" };
  it.each<[string, unknown]>([
    [".1: expected a kind of value that this version knows, got", [1, none]],
    [".a: expected a kind of value", { a: none }],
    [".0: expected a pair", { $: "map", entries: [[]] }],
    [".0: expected a pair", { $: "map", entries: [[1]] }],
    [
      ".1: expected a pair",
      {
        $: "record",
        entries: [
          ["a", 1],
          ["a", 2, 3],
        ],
      },
    ],
    [".0: expected a list", { $: "map", entries: [5] }],
    [": expected a list", { $: "map" }],
    [".0.0: expected a kind", { $: "map", entries: [[none, 1]] }],
    [".0.1: expected a kind", { $: "map", entries: [[1, none]] }],
    [": expected one of {NaN, Infinity, -Infinity, -0}, got", { $: "number", value: "5" }],
    [": expected a text, got 5", { $: "number", value: 5 }],
    [": expected an integer of at most 10000 digits", { $: "bigint", value: "1x" }],
    [": expected an integer of at most 10000 digits", { $: "bigint", value: "x1" }],
    [": expected an integer of at most 10000 digits", { $: "bigint", value: "9".repeat(10_001) }],
    [": expected a value as JSON has it, got", 5n],
    [": expected a value as JSON has it, got undefined", undefined],
    [".0: expected JSON that does not contain itself", cyclic],
    [`${".0".repeat(500)}: expected at most 500 levels`, [deep]],
    [
      ': expected arguments that "registry.refuses" takes, got "failed on purpose"',
      { $: "made", factory: "registry.refuses", args: ["other"] },
    ],
    [": expected a list", { $: "made", factory: "registry.refuses" }],
  ])("are refused with their place: %s", (message, value) => {
    expect(() => read(value)).toThrow(`graphDefFromJson at nodes.0.attributes.0.static${message}`);
    expect(() => read(value)).toThrow(StructureError);
  });

  it("pass on what a factory itself refuses, and the cause of what it does not", () => {
    const made = (what: string) => () => read({ $: "made", factory: "registry.refuses", args: [what] });
    expect(made("own")).toThrow(/^refused on purpose$/);
    expect(made("other")).toThrow(expect.objectContaining({ cause: expect.any(TypeError) as unknown }));
  });

  it.each(["function", "factory", "module"])("name the %s that nobody registered", (kind) => {
    expect(() => read({ $: kind, name: "gone" })).toThrow(
      'graphDefFromJson: expected a name that was registered, got "gone".',
    );
  });

  it("name the factory that nobody registered", () => {
    expect(() => read({ $: "made", factory: "gone", args: [] })).toThrow(
      'graphDefFromJson: expected a name that was registered, got "gone".',
    );
  });
});

describe("setMetadata", () => {
  it("marks those that a filter selects, by type and by path", () => {
    const model = new Bag({ a: new Param(1), list: [new BatchStat(2)], b: { c: new Param(3) } });
    setMetadata(model, { tag: "x" }, { only: Param });
    setMetadata(model, { frozen: true }, { only: pathContains("list") });
    const { a, list, b } = state(model) as unknown as Record<string, Record<string, { metadata: object }>>;
    expect([a!.metadata, list![0]!.metadata, b!.c!.metadata]).toEqual([
      { tag: "x" },
      { frozen: true },
      { tag: "x" },
    ]);
    setMetadata([], { tag: "x" });
  });

  it.each<[string, unknown, unknown]>([
    ["expected a module, Variable or container, got 5. Pass the model first.", 5, {}],
    ["expected a module, Variable or container, got", new Date(0), {}],
    ["expected metadata by name, got", new Param(1), ["tag"]],
  ])("%s", (message, model, metadata) => {
    expect(() => setMetadata(model, metadata as never)).toThrow(`setMetadata: ${message}`);
  });
});

describe("a State that is taken again", () => {
  it("is the same where nothing changed, also later, and for each filter on its own", async () => {
    const model = new Bag({ a: new Param(1), part: { b: new Param(2) }, stat: new BatchStat(3) });
    const take = () => ({
      all: state(model),
      params: state(model, Param),
      both: state(model, Param, BatchStat),
    });
    const first = take();
    expect(first.params).not.toEqual(first.all);
    expect(first.both[0]).toEqual(first.params);
    const partsIn = ({ all, params, both }: typeof first): unknown[] =>
      [all, params, ...both].flatMap((each) => Object.values(each));
    // What was taken last is found again as long as somebody holds it.
    const held: unknown[] = [];
    const expectSame = (): void => {
      const last = take();
      held.push(last);
      const again = partsIn(last);
      for (const [i, part] of partsIn(first).entries()) expect(again[i]).toBe(part);
    };
    expectSame();
    await Promise.resolve();
    await new Promise((resolve) => setTimeout(resolve));
    expectSame();
    expect(held).toHaveLength(2);
    (at(model, "a") as Param<number>).value = 5;
    const changed = state(model) as unknown as Record<string, unknown>;
    const before = first.all as unknown as Record<string, unknown>;
    expect([changed.a === before.a, changed.part === before.part, changed.stat === before.stat]).toEqual([
      false,
      true,
      true,
    ]);
    expect(before.a).toMatchObject({ value: 1 });
  });
});

describe("functions in copies", () => {
  it("may be bound to other things, or have names that only end like a method", () => {
    class Scale extends Module {
      readonly list = [new Param(1)];
      readonly map = new Map([["p", new Param(1)]]);
      readonly free: unknown = [Math.max.bind(null, 0), doublescale];
      scale(): number {
        return 1;
      }
    }
    function doublescale(): number {
      return 2;
    }
    const model = new Scale();
    expect(clone(model).free).toEqual(model.free);
  });

  it("may use private members of the class itself, which copies share", () => {
    class Counted extends Module {
      static #made$ = 3;
      readonly p = new Param(1);
      static count(): number {
        // biome-ignore lint/complexity/noThisInStatic: members are looked for by `this`
        return this.#made$;
      }
    }
    expect(clone(new Counted()).p.value).toBe(1);
    expect(Counted.count()).toBe(3);
  });
});
