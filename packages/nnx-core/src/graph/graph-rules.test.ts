/** @file The rules of what is a node, a leaf or static, in which order, and what comes back. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  flattenState,
  graphdef,
  GraphNode,
  merge,
  Module,
  Param,
  split,
  state,
  type State,
  StructureError,
  update,
  Variable,
} from "../index.ts";
import { Bag } from "../../test/bag.ts";

class Leaf extends Module {
  readonly kernel: Param<number>;
  constructor(kernel: number) {
    super();
    this.kernel = new Param(kernel);
  }
  get doubled(): number {
    return this.kernel.value * 2;
  }
  scaled(by: number): number {
    return this.kernel.value * by;
  }
}
/** Attributes as a test wants them. */
const at = (bag: object, name: string): unknown => Reflect.get(bag, name);
const pathsOf = (values: State): string[] => flattenState(values).map(([path]) => path.join("."));

describe("what is what", () => {
  it("nodes, Variables and arrays are data, everything else is static", () => {
    class Clock {
      ticks = 1;
    }
    const clock = new Clock();
    const f = (): void => {};
    const bag = new Bag({
      module: new Leaf(1),
      variable: new Param(2),
      tensor: tf.zeros([1]),
      number: 3,
      text: "x",
      none: null,
      missing: undefined,
      f,
      clock,
      list: [1, "a"],
      set: new Set([1]),
    });
    const [def, values] = split(bag);
    expect(pathsOf(values)).toEqual(["module.kernel", "tensor", "variable"]);
    const again = merge(def, values);
    for (const name of ["number", "text", "none", "missing", "f", "clock", "list", "set"])
      expect(at(again, name)).toBe(at(bag, name));
    expect("missing" in again).toBe(true);
  });

  it("only nodes and Variables have identity: containers come back apart, arrays are leaves at each place", () => {
    const leaf = new Leaf(1);
    const list = [leaf];
    const array = tf.zeros([1]);
    const again = merge(...split(new Bag({ a: list, b: list, x: array, y: array, one: leaf, two: leaf })));
    expect(at(again, "a")).not.toBe(at(again, "b"));
    expect((at(again, "a") as Leaf[])[0]).toBe((at(again, "b") as Leaf[])[0]);
    expect(at(again, "one")).toBe(at(again, "two"));
    expect(pathsOf(state(new Bag({ x: array, y: array })))).toEqual(["x", "y"]);
  });

  it("orders names by code unit and indices by value and first", () => {
    const many = Array.from({ length: 12 }, (_, i) => new Param(i));
    const bag = new Bag({
      b: new Param(0),
      B: new Param(0),
      _p: new Param(0),
      many,
      10: new Param(0),
      9: new Param(0),
    });
    expect(pathsOf(state(bag))).toEqual(["9", "10", "B", "_p", "b", ...many.map((_, i) => `many.${i}`)]);
  });

  it("records what is shared at its first path in that order", () => {
    const shared = new Param(1);
    expect(pathsOf(state(new Bag({ z: shared, a: { b: shared } })))).toEqual(["a.b"]);
    const { nodes } = graphdef(new Bag({ z: shared, a: { b: shared } }));
    expect(nodes.map((node) => node.kind)).toEqual(["object", "record", "variable"]);
  });

  it("decides by type inside containers: the rest of a mixed list is static", () => {
    const array = tf.zeros([1]);
    const bag = new Bag({ x: [1, new Param(0), "s", array] });
    expect(pathsOf(state(bag))).toEqual(["x.1", "x.3"]);
    const again = at(merge(...split(bag)), "x") as unknown[];
    expect([again[0], again[2], again[3]]).toEqual([1, "s", array]);
  });

  it("null and undefined are static, so leaving a part out changes the definition", () => {
    const without = graphdef(new Bag({ bias: null }));
    expect(without.leafCount).toBe(0);
    expect(without.nodes).not.toEqual(graphdef(new Bag({ bias: new Param(1) })).nodes);
  });

  it("holds modules in arrays, plain objects and Maps without further ado", () => {
    const bag = new Bag({
      list: [new Leaf(1)],
      record: { k: new Leaf(2) },
      map: new Map([[3, new Leaf(3)]]),
    });
    expect(pathsOf(state(bag))).toEqual(["list.0.kernel", "map.3.kernel", "record.k.kernel"]);
    const again = merge(...split(bag));
    expect((at(again, "map") as Map<number, Leaf>).get(3)?.scaled(2)).toBe(6);
  });

  it("sees what is appended after construction", () => {
    const layers: Leaf[] = [];
    const bag = new Bag({ layers });
    layers.push(new Leaf(4));
    expect(pathsOf(state(bag))).toEqual(["layers.0.kernel"]);
  });

  it("lets an attribute change between data and static", () => {
    const bag = new Bag({ bias: null });
    Reflect.set(bag, "bias", new Param(1));
    expect(pathsOf(state(bag))).toEqual(["bias"]);
    Reflect.set(bag, "bias", "text");
    expect(pathsOf(state(bag))).toEqual([]);
  });
});

describe("what States and merged models share", () => {
  it("a State has snapshots, not the Variables", () => {
    const leaf = new Leaf(1);
    const values = state(leaf);
    leaf.kernel.value = 2;
    expect(values.kernel.value).toBe(1);
  });

  it("merge makes new Variables and runs no constructor", () => {
    let constructed = 0;
    class Counting extends Leaf {
      constructor(kernel: number) {
        super(kernel);
        constructed++;
      }
    }
    const counting = new Counting(3);
    const again = merge(...split(counting));
    expect(constructed).toBe(1);
    expect(again).toBeInstanceOf(Counting);
    expect(again.kernel).not.toBe(counting.kernel);
    expect([again.doubled, again.scaled(3)]).toEqual([6, 9]);
    expect(again).toEqual(counting);
  });

  it("gives values without a Variable the one that the definition says", () => {
    const [def] = split(new Bag({ a: new Param(1, { tag: "x" }) }));
    const values = { a: tf.scalar(5) } as State;
    const made = at(merge(def, values), "a") as Param<tf.Tensor>;
    expect(made).toBeInstanceOf(Param);
    expect(made.metadata).toEqual({ tag: "x" });
    expect(made.value.arraySync()).toBe(5);
  });

  it("restores sharing and cycles; a cycle of containers alone is refused with its path", () => {
    const leaf = new Leaf(1);
    const bag = new Bag({ one: leaf, two: { again: leaf } });
    Reflect.set(bag, "me", bag);
    const again = merge(...split(bag));
    expect(at(again, "me")).toBe(again);
    expect((at(again, "two") as { again: Leaf }).again).toBe(at(again, "one"));
    const endless: unknown[] = [new Param(1)];
    endless.push(endless);
    expect(() => split(new Bag({ endless }))).toThrow(
      /graph at endless.1: expected containers that do not contain/,
    );
  });

  it("a Variable or an array may be the whole", () => {
    const variable = new Param(1, { tag: "t" });
    const [def, none, leaf] = split(variable, false, true);
    expect(none).toEqual({});
    expect(leaf).toEqual(variable.toState());
    expect(merge(def, none, leaf).value).toBe(1);
    expect(state(variable)).toEqual(variable.toState());
    expect(flattenState(state(variable))).toEqual([[[], variable.toState()]]);
    variable.value = 2;
    update(variable, leaf);
    expect(variable.value).toBe(1);
    const tensor = tf.scalar(2);
    expect(merge(...split(tensor))).toBe(tensor);
    expect(merge(...split(7))).toBe(7);
    const list = merge(...split([new Param(1), 2] as const));
    expect([list[0].value, list[1]]).toEqual([1, 2]);
  });

  it("keeps symbols, accessors and methods out of the graph", () => {
    const hidden = Symbol("hidden");
    const bag = new Bag({ a: new Param(1), [hidden]: new Param(2) });
    expect(pathsOf(state(bag))).toEqual(["a"]);
    class WithAccessor extends GraphNode {
      readonly inner: Variable<number> = new Variable(1);
      get value(): Variable<number> {
        return this.inner;
      }
    }
    expect(pathsOf(state(new WithAccessor()))).toEqual(["inner"]);
  });

  it("defines attributes that a class has accessors for, as class fields do", () => {
    class Base extends Module {
      get size(): number {
        return 1;
      }
    }
    const node = new Base();
    Object.defineProperty(node, "size", { value: new Param(3), enumerable: true });
    expect((at(merge(...split(node)), "size") as Param<number>).value).toBe(3);
  });

  it("refuses Maps whose keys cannot be told apart in a path", () => {
    const both = new Map<unknown, unknown>([
      [0, new Param(1)],
      ["0", new Param(2)],
    ]);
    expect(() => split(new Bag({ both }))).toThrow(/graph at both: expected a Map whose keys differ as text/);
    const odd = new Map<unknown, unknown>([[{}, new Param(1)]]);
    expect(() => split(new Bag({ odd }))).toThrow(StructureError);
  });

  it("refuses to merge classes with native #private members, and says which", () => {
    class Secret extends Module {
      #seed = 1;
      readonly a: Param<number> = new Param(1);
      next(): number {
        return this.#seed++;
      }
    }
    class Heir extends Secret {}
    class Mentions extends Module {
      readonly a: Param<number> = new Param(1);
      // this.#nothing is only mentioned here
      text(): string {
        return "this.#nothing";
      }
    }
    const [def, values] = split(new Heir());
    expect(() => merge(def, values)).toThrow(/native #private members, got Heir with #seed \(of Secret\)/);
    expect(merge(...split(new Mentions())).text()).toBe("this.#nothing");
  });
});
