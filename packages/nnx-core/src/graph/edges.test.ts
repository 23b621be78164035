/**
 * @file Models that few have, and calls that nobody should make: nothing hangs, nothing is half
 * applied, nothing is silently lost.
 */
import { describe as suite, expect, it } from "vitest";
import { StructureError } from "../errors.ts";
import { allOf, anyOf, everything, not, nothing, pathContains, pathIn, withTag } from "../filter/filter.ts";
import { Module } from "../module/module.ts";
import { setMode } from "../module/modes.ts";
import { flattenState } from "../state/flatten-state.ts";
import { Param } from "../variable/variable-types.ts";
import { call } from "./call.ts";
import { equalGraphDefs, hashGraphDef } from "./equal.ts";
import { findDuplicates } from "./find-duplicates.ts";
import { graphDefFromJson, graphDefToJson } from "./graph-def-json.ts";
import { merge } from "./merge.ts";
import { pop } from "./pop.ts";
import { printGraphDef } from "./print.ts";
import { registerFactory, registerFunction, registerModule } from "./registry.ts";
import { graphdef, split, state } from "./split.ts";
import { update } from "./update.ts";

class Leaf extends Module {
  weight: Param<number> = new Param(1);
  forward(): number {
    return this.weight.value;
  }
}

class Holder extends Module {
  weight: Param<number> = new Param(1);
  held: unknown;
  constructor(held: unknown) {
    super();
    this.held = held;
  }
}

const pathsOf = (model: object): string[] => flattenState(state(model)).map(([path]) => path.join("."));

suite("what is a leaf", () => {
  it("a plain description of an array is static", () => {
    const described = new Holder({ shape: [28, 28], dtype: "float32" });
    expect(pathsOf(described)).toEqual(["weight"]);
    expect(merge(...split(described)).held).toEqual({ shape: [28, 28], dtype: "float32" });
  });

  it("an object with a type and a value, but no metadata, is a container", () => {
    expect(pathsOf(new Holder({ type: Leaf, value: new Leaf() }))).toEqual(["held.value.weight", "weight"]);
  });
});

suite("Maps with number keys", () => {
  it("update finds keys that are no list indices", () => {
    const map = new Map([-1, 1.5, 12_345_678_901, 3].map((key) => [key, new Param(key)]));
    const model = new Holder(map);
    const before = state(model);
    for (const variable of map.values()) variable.value = 0;
    update(model, before);
    expect([...map].map(([key, variable]) => [key, variable.value])).toEqual([
      [-1, -1],
      [1.5, 1.5],
      [12_345_678_901, 12_345_678_901],
      [3, 3],
    ]);
  });

  it("call reaches what is below them", () => {
    class Indexed extends Module {
      readonly layers: Readonly<Record<number, Leaf>> & Map<number, Leaf> = Object.assign(
        new Map([[0, new Leaf()]]),
      );
    }
    const [definition, values] = split(new Indexed());
    expect(call([definition, values]).layers[0]?.forward()[0]).toBe(1);
  });
});

suite("all or nothing", () => {
  it("update refuses a name of arrays before it writes anything", () => {
    const items = [new Param(1)];
    const model = new Holder(items);
    expect(() => update(model, { weight: 5, held: { length: 7.5 } })).toThrow(
      /update at held\.length: .* got "length"/,
    );
    expect(() => update(model, { weight: 5, held: { length: 0 } })).toThrow(StructureError);
    expect([model.weight.value, items.length]).toEqual([1, 1]);
  });

  it("update refuses a new attribute of a frozen object before it writes anything", () => {
    const model = new Holder(Object.freeze({ a: new Param(1) }));
    expect(() => update(model, { weight: 5, held: { b: 7 } })).toThrow(
      "update at held.b: expected an attribute that can be written",
    );
    expect(model.weight.value).toBe(1);
    update(model, { held: { a: 9 } });
    expect(state<unknown>(model).held).toMatchObject({ a: { value: 9 } });
  });

  it("pop refuses to take from a frozen object", () => {
    const inside = new Param(1);
    const model = new Holder(Object.freeze({ a: inside }));
    expect(() => pop(model, Param)).toThrow("pop at held.a: expected an attribute that can be removed");
    expect(pathsOf(model)).toEqual(["held.a", "weight"]);
    expect(inside.isDisposed).toBe(false);
  });

  class Noise extends Module {
    deterministic = false;
    setMode({
      deterministic,
      ...rest
    }: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
      if (typeof deterministic === "boolean") this.deterministic = deterministic;
      return rest;
    }
  }

  it("modes of a frozen module are refused, before those of others are set", () => {
    const free = new Noise();
    const model = new Holder([free, Object.freeze(new Noise())]);
    expect(() => model.eval()).toThrow(
      "setAttributes at held.1: expected a module whose deterministic can be written",
    );
    expect(() => setMode(model, { deterministic: true })).toThrow(
      "setMode at held.1: expected a module whose",
    );
    expect(free.deterministic).toBe(false);
  });

  it("an accessor without a setter is no attribute to set", () => {
    class Shows extends Module {
      readonly inner: Noise = new Noise();
      get deterministic(): boolean {
        return this.inner.deterministic;
      }
    }
    const model = new Shows();
    model.eval();
    expect(model.deterministic).toBe(true);
    expect(() => model.setAttributes({ deterministic: false }, { only: Shows })).toThrow(
      "got {deterministic}, which none has",
    );
  });
});

suite("findDuplicates", () => {
  it("refuses an array inside itself, and looks into one that is reached twice", () => {
    const items: unknown[] = [new Param(1)];
    expect(findDuplicates(new Holder({ x: items, y: items }))).toEqual([
      [
        ["held", "x", 0],
        ["held", "y", 0],
      ],
    ]);
    items.push(items);
    expect(() => findDuplicates(new Holder(items))).toThrow(
      "findDuplicates at held.1: expected containers that do not contain themselves",
    );
  });
});

suite("definitions", () => {
  it("hash alike when equal, whether what is equal in them is shared or not", () => {
    const pair = [1, 2];
    const shared = graphdef(new Holder({ a: pair, b: pair }));
    const copied = graphdef(new Holder({ a: [1, 2], b: [1, 2] }));
    expect(equalGraphDefs(shared, copied)).toBe(true);
    expect(hashGraphDef(shared)).toBe(hashGraphDef(copied));
    expect(hashGraphDef(shared)).not.toBe(hashGraphDef(graphdef(new Holder({ a: [1, 2], b: [1, 3] }))));
  });

  it("hash alike when an instance of a class, by which they are equal, has changed", () => {
    class Counter {
      count = 0;
    }
    const counter = new Counter();
    const before = graphdef(new Holder(counter));
    const hash = hashGraphDef(before);
    counter.count++;
    const after = graphdef(new Holder(counter));
    expect(equalGraphDefs(before, after)).toBe(true);
    expect(hashGraphDef(after)).toBe(hash);
  });

  it("hash data that contain themselves", () => {
    const cyclic: unknown[] = [];
    cyclic.push(cyclic, cyclic);
    expect(hashGraphDef(graphdef(new Holder(cyclic)))).toBe(hashGraphDef(graphdef(new Holder(cyclic))));
  });

  it("are equal when factories made the functions in their metadata alike, also from JSON", () => {
    const times = registerFactory("edges.times", (by: number) => (x: number) => x * by);
    registerModule("edges.Holder", Holder);
    const make = (by: number) => {
      const model = new Holder(null);
      model.weight.setMetadata({ init: times(by) });
      return graphdef(model);
    };
    expect(equalGraphDefs(make(2), make(2))).toBe(true);
    expect(equalGraphDefs(make(2), make(3))).toBe(false);
    expect(equalGraphDefs(graphDefFromJson(graphDefToJson(make(2))), make(2))).toBe(true);
  });

  it("are equal when factories made objects of functions in them alike, also from JSON", () => {
    const shift = registerFactory("edges.shift", (by: number) => ({ run: (x: number) => x + by }));
    const both = registerFactory("edges.both", (...parts: ReturnType<typeof shift>[]) => ({ parts }));
    registerModule("edges.Holder", Holder);
    const make = (by: number) => graphdef(new Holder([both(shift(1), shift(by)), shift]));
    expect(equalGraphDefs(make(2), make(2))).toBe(true);
    expect(hashGraphDef(make(2))).toBe(hashGraphDef(make(2)));
    expect(equalGraphDefs(make(2), make(3))).toBe(false);
    expect(printGraphDef(make(2))).toContain("edges.both(edges.shift(1), edges.shift(2))");
    const json = JSON.parse(JSON.stringify(graphDefToJson(make(2)))) as ReturnType<typeof graphDefToJson>;
    expect(equalGraphDefs(graphDefFromJson(json), make(2))).toBe(true);
    const again = merge(graphDefFromJson<Holder>(json), state(new Holder(null)));
    const [made, factory] = again.held as [ReturnType<typeof both>, typeof shift];
    expect(made.parts.map(({ run }) => run(10))).toEqual([11, 12]);
    expect(factory).toBe(shift);
  });

  it("are equal when filters in them were made alike, also from JSON", () => {
    registerModule("edges.Holder", Holder);
    const make = (part: string) =>
      graphdef(
        new Holder({
          all: everything,
          wrt: [Param, allOf(not(pathContains(part, { exact: false })), anyOf(withTag("a"), nothing))],
          some: pathIn(["a", 1], ["b"]),
        }),
      );
    expect(equalGraphDefs(make("b"), make("b"))).toBe(true);
    expect(equalGraphDefs(make("b"), make("c"))).toBe(false);
    const read = graphDefFromJson<Holder>(JSON.parse(JSON.stringify(graphDefToJson(make("b")))));
    expect(equalGraphDefs(read, make("b"))).toBe(true);
    expect(printGraphDef(read)).toBe(printGraphDef(make("b")));
    expect(() => graphDefToJson(graphdef(new Holder(allOf(() => true))))).toThrow(
      /graphDefToJson at held: expected a static attribute that can be written, got the function/,
    );
  });

  it("refuse to write a static value that contains itself, and write one that is there twice", () => {
    registerModule("edges.Holder", Holder);
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    expect(() => graphDefToJson(graphdef(new Holder(cyclic)))).toThrow(
      "graphDefToJson at held: expected a static attribute that can be written, got an object with keys {self}. It contains itself",
    );
    const pair = [1, 2];
    const twice = graphdef(new Holder([pair, pair]));
    expect(equalGraphDefs(graphDefFromJson(graphDefToJson(twice)), twice)).toBe(true);
  });
});

suite("names of a file that is evaluated again", () => {
  const evaluate = () => {
    class Hot extends Module {
      readonly weight: Param<number> = new Param(1);
    }
    const activation = function hotActivation(x: number): number {
      return x;
    };
    registerModule("edges.Hot", Hot);
    registerFunction("edges.hotActivation", activation);
    return { Hot, scale: registerFactory("edges.scale", (by: number) => (x: number) => x * by) };
  };

  it("go to the new class; models of the old one are still written, and read as the new one", () => {
    const old = evaluate();
    const { Hot, scale } = evaluate();
    const [definition, values] = split(new old.Hot());
    const model = merge(graphDefFromJson<object>(graphDefToJson(definition)), values);
    expect(model).toBeInstanceOf(Hot);
    const model2 = merge(graphDefFromJson<Holder>(jsonOf(scale)), state(new Holder(null)));
    expect((model2.held as (x: number) => number)(4)).toBe(8);
  });

  const jsonOf = (scale: (by: number) => (x: number) => number) => {
    registerModule("edges.Holder", Holder);
    return graphDefToJson(graphdef(new Holder(scale(2))));
  };

  it("are refused to what is called otherwise", () => {
    evaluate();
    expect(() => registerModule("edges.Hot", Leaf)).toThrow('expected a free name, got "edges.Hot"');
    expect(() => registerFunction("edges.hotActivation", Math.abs)).toThrow("expected a free name");
    expect(() => registerFactory("edges.scale", (by: number) => (x: number) => x + by)).toThrow(
      "expected a free name",
    );
  });
});
