/**
 * @file Where Flax says what is taken, found or refused: pop, findDuplicates, functions tied to an
 * object, GraphDef JSON.
 */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import * as nnx from "../index.ts";

class Shared extends nnx.Module {
  readonly a: nnx.Param<number> = new nnx.Param(1);
  readonly b = this.a;
  readonly c = this.a;
}
const contains = (...parts: string[]): nnx.Predicate =>
  nnx.anyOf(...parts.map((part) => nnx.pathContains(part)));
const paths = (values: nnx.State): string[] => nnx.flattenState(values).map(([path]) => path.join("."));

describe("a Variable at several paths", () => {
  // Flax 0.12.8, the same class: nnx.pop(m, nnx.PathContains("b")), nnx.find_duplicates(m,
  // only=...)
  it("is popped at the first path that matches, and stays at the others", () => {
    const model = new Shared();
    expect(paths(nnx.pop(model, contains("b")))).toEqual(["b"]);
    expect(Object.keys(model)).toEqual(["a", "c"]);
    expect(model.a.value).toBe(1);
  });

  it("is a duplicate by each later path that `only` matches", () => {
    const found = (...parts: string[]): unknown =>
      nnx.findDuplicates(new Shared(), { only: contains(...parts) });
    expect(found("b")).toEqual([[["a"], ["b"]]]);
    expect(found("a")).toEqual([]);
    expect(found("b", "c")).toEqual([[["a"], ["b"], ["c"]]]);
    expect(found("a", "c")).toEqual([[["a"], ["c"]]]);
  });
});

it("filters behind one that pops everything get nothing", () => {
  const model = { a: new nnx.Param(1), b: new nnx.BatchStat(2) };
  expect(nnx.pop(model, true, nnx.Param).map(paths)).toEqual([["a", "b"], []]);
  expect(() => nnx.split(new Shared(), true, nnx.Param)).toThrow("expected `true` as the last filter only");
});

it("map gives arrays without Variables that live on", () => {
  const model = nnx.map((_, leaf) => tf.add(nnx.leafValue<tf.Tensor>(leaf), 1), {
    t: tf.ones([2]),
    p: new nnx.Param(tf.ones([1])),
  });
  expect([...model.t.dataSync(), ...model.p.value.dataSync()]).toEqual([2, 2, 2]);
  const bare = nnx.map((path) => path.join(), model, { recreateVariables: false }) as Record<string, unknown>;
  expect(bare).toEqual({ t: "t", p: "p" });
});

describe("functions that are tied to one object", () => {
  class Base extends nnx.Module {
    readonly w: nnx.Param<number> = new nnx.Param(1);
    forward(): number {
      return this.w.value;
    }
  }
  class Arrow extends Base {
    readonly twice = (): number => 2 * this.w.value;
  }
  class AsyncArrow extends Base {
    readonly later = async (by: number): Promise<number> => by * this.w.value;
  }
  class Bound extends Base {
    constructor() {
      super();
      this.forward = this.forward.bind(this);
    }
  }
  it.each([
    ["an arrow function with `this`", new Arrow(), "merge at m.twice: expected attributes that are not tied"],
    ["an async one", new AsyncArrow(), "merge at m.later"],
    ["a bound method", new Bound(), "got a bound method (of Bound)"],
  ])("are refused in copies: %s", (_, m, message) => {
    expect(() => nnx.clone({ m })).toThrow(message);
    expect(() => nnx.view({ m }, {}, { raiseIfNotFound: false })).toThrow(message);
  });

  it("are told from others by their source", () => {
    class Free extends Base {
      readonly act = (x: number): string => `this is ${x} "this"`; // this
      readonly method = { this: (x: number) => x }.this;
      readonly log = console.log.bind(console);
    }
    expect(nnx.clone(new Free()).act(1)).toBe('this is 1 "this"');
  });
});

describe("GraphDef JSON", () => {
  class Holder extends nnx.Module {
    readonly list: readonly nnx.Param<number>[] = [new nnx.Param(1), new nnx.Param(2)];
    readonly note: unknown = 5;
  }
  nnx.registerModule("rules.Holder", Holder);
  const json = nnx.graphDefToJson(nnx.graphdef(new Holder()));
  type Parts = { root: unknown; nodes: { attributes: [unknown, unknown][] }[]; leafCount: number };
  const changed = (change: (parts: Parts) => void): nnx.GraphDefJson => {
    const copy = JSON.parse(JSON.stringify(json)) as unknown as Parts;
    change(copy);
    return copy as unknown as nnx.GraphDefJson;
  };
  const attributes = (parts: Parts, node: number): [unknown, unknown][] =>
    parts.nodes[node]?.attributes ?? [];
  const setStatic =
    (value: unknown) =>
    (parts: Parts): void => {
      attributes(parts, 0)[1] = ["note", { static: value }];
    };

  it.each<readonly [string, (parts: Parts) => void, string]>([
    [
      "an index far behind the list",
      (p) => {
        attributes(p, 1)[1] = [5_000_000, { node: 3 }];
      },
      "at nodes.1.keys.1: expected the index 1, got 5000000",
    ],
    [
      "a name in a list",
      (p) => {
        attributes(p, 1)[1] = ["x", { node: 3 }];
      },
      'at nodes.1.keys.1: expected the index 1, got "x"',
    ],
    [
      "a name twice",
      (p) => {
        attributes(p, 0)[1] = ["list", { static: 1 }];
      },
      "at nodes.0.keys.1: expected names that differ",
    ],
    [
      "a container inside itself",
      (p) => {
        attributes(p, 1)[0] = [0, { node: 1 }];
      },
      "at nodes.1.attributes.0: expected a container in one place only, got 1",
    ],
    [
      "fewer leaves than it says",
      (p) => {
        p.leafCount = 1e9;
      },
      "at leafCount: expected the number of leaves, 2, got 1000000000",
    ],
    [
      "a negative number of leaves",
      (p) => {
        p.leafCount = -1;
      },
      "at leafCount: expected the number of leaves, 2, got -1",
    ],
    [
      "a number that is none",
      setStatic({ $: "bigint", value: "abc" }),
      'at nodes.0.attributes.1.static: expected an integer of at most 10000 digits, got "abc"',
    ],
    [
      "a node that nothing refers to",
      (p) => void p.nodes.push({ attributes: [], ...{ module: "rules.Holder" } }),
      "at nodes.4: expected nodes that the model reaches",
    ],
    [
      "20,000 lists in each other",
      setStatic(Array.from({ length: 20_000 }).reduce((x: unknown) => [x], 1)),
      "expected at most 500 levels",
    ],
    [
      "arguments that a factory does not take",
      setStatic({ $: "made", factory: "rules.factory", args: [] }),
      'expected arguments that "rules.factory" takes, got "no arguments"',
    ],
  ])("refuses %s", (_, change, message) => {
    expect(() => nnx.graphDefFromJson(changed(change))).toThrow(nnx.StructureError);
    expect(() => nnx.graphDefFromJson(changed(change))).toThrow(message);
  });
  nnx.registerFactory("rules.factory", (...given: number[]) => {
    if (given.length === 0) throw new TypeError("no arguments");
    return () => given;
  });

  it("is refused where a GraphDef is wanted", () => {
    for (const f of [nnx.printGraphDef, nnx.hashGraphDef, nnx.graphDefToJson])
      expect(() => f(json as never)).toThrow(/expected an attribute, got an object with keys \{node\}/);
    expect(() => nnx.equalGraphDefs(nnx.graphdef(new Holder()), 5 as never)).toThrow(
      "equalGraphDefs: expected a GraphDef, got 5",
    );
    expect(() => nnx.call([5, {}] as never)).toThrow("call: expected a GraphDef, got 5");
  });

  it("takes a definition that was copied", () => {
    const { root, nodes, leafCount } = nnx.graphdef(new Holder());
    expect(nnx.merge<Holder>({ root, nodes, leafCount }, nnx.state(new Holder())).list[1]?.value).toBe(2);
  });
});

it("attributes that every object has are not set", () => {
  class Inner extends nnx.Module {
    deterministic = false;
  }
  const model = new Inner();
  for (const name of ["__proto__", "constructor", "toString"]) {
    const attributes = JSON.parse(`{"deterministic": true, "${name}": {"x": 1}}`) as nnx.AttributeValues;
    expect(() => nnx.setAttributes(model, attributes)).toThrow(nnx.NotFoundError);
    expect(() => nnx.withAttributes(model, attributes)).toThrow(`got {${name}}`);
  }
  expect(model.deterministic).toBe(false);
  expect(Object.getPrototypeOf(model)).toBe(Inner.prototype);
});

it.each<readonly [string, () => unknown]>([
  ["findDuplicates", () => nnx.findDuplicates({}, { onyl: true } as never)],
  ["map", () => nnx.map((_, leaf) => leaf, {}, { recreateVariable: false } as never)],
  ["clone", () => nnx.clone({}, { variable: false } as never)],
  ["setMetadata", () => nnx.setMetadata({}, {}, { olny: true } as never)],
  ["setAttributes", () => nnx.setAttributes(new Shared(), {}, { onlyy: true } as never)],
  ["setMode", () => nnx.setMode(new Shared(), {}, { onlyy: true } as never)],
  ["pathContains", () => nnx.pathContains("a", { exat: false } as never)],
  ["registerVariableName", () => nnx.registerVariableName("x", nnx.Param, { overwrit: true } as never)],
  ["variableTypeFromName", () => nnx.variableTypeFromName("params", { bas: nnx.Param } as never)],
])("%s refuses options that it does not have", (where, f) => {
  expect(f).toThrow(`${where}: expected options among {`);
});
