/** @file Calls of split models, GraphStates, and functions that take models apart and leave nothing behind. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  asPure,
  BatchStat,
  call,
  dispose,
  FilterError,
  type GraphDef,
  graphdef,
  map,
  merge,
  Module,
  NotFoundError,
  Param,
  recursiveMap,
  split,
  type State,
  state,
  StructureError,
  unpack,
  update,
} from "../index.ts";
import { Bag } from "../../test/bag.ts";

class Scale extends Module {
  readonly by = new Param<tf.Tensor>(tf.tensor([2]));
  readonly size = 3;
  readonly none = null;
  forward(x: tf.Tensor): tf.Tensor {
    return tf.mul(x, this.by.value);
  }
  // biome-ignore lint/suspicious/noThenProperty: a method of a part may be called so
  then(text: string): string {
    return `${text} ${this.size}`;
  }
}
const count = (): number => tf.memory().numTensors;

describe("call", () => {
  it("takes a GraphState as it takes a pair, and leaves nothing behind", () => {
    const [model, x] = [new Scale(), tf.tensor([5])];
    const one = unpack(model);
    const before = count();
    for (const given of [one, split(model)]) {
      const [y, [def, after]] = call<Scale>(given as never).forward(x);
      expect([...y.dataSync()]).toEqual([10]);
      expect(merge(def, after).size).toBe(3);
      for (const each of [y, after]) dispose(each);
    }
    expect(count()).toBe(before);
  });

  it("frees the model that it made where the method throws, too", () => {
    class Throws extends Scale {
      fail(): void {
        this.by.value = tf.tensor([3]);
        throw new Error("on purpose");
      }
    }
    const pair = split(new Throws());
    const before = count();
    expect(() => call(pair).fail()).toThrow("on purpose");
    expect(count()).toBe(before);
  });

  it.each<[string, unknown, string]>([
    ["no State", [graphdef(new Scale())], "call: expected a GraphDef and its State, got"],
    [
      "two States",
      [...split(new Bag({ p: new Param(1) }), Param, true)],
      "call: expected a GraphDef and its State",
    ],
    ["no pair", 5, "call: expected a GraphDef, got undefined"],
    ["no definition", [5, {}], "call: expected a GraphDef, got 5"],
  ])("refuses %s", (_, given, message) => {
    expect(() => call(given as never)).toThrow(message);
    expect(() => call(given as never)).toThrow(StructureError);
  });

  it("is no promise, and no text: it may be awaited and printed", async () => {
    const caller = call(split(new Bag({ part: new Scale() })));
    expect(await Promise.resolve(caller)).toBe(caller);
    expect(Reflect.get(caller, Symbol.toPrimitive)).toBeUndefined();
    expect(Reflect.get(caller, Symbol.iterator)).toBeUndefined();
    // A method of a part may be called so.
    expect((caller as unknown as { part: Scale }).part.then("size")[0]).toBe("size 3");
  });

  it.each(["size", "none", "missing"])("names what is no method: %s.toFixed", (name) => {
    const caller = call(split(new Scale())) as unknown as Record<string, { toFixed(): void }>;
    expect(() => caller[name]!.toFixed()).toThrow(
      `call at ${name}.toFixed: expected a method, got undefined`,
    );
    expect(() => caller[name]!.toFixed()).toThrow(NotFoundError);
  });

  it("finds parts in Maps by number or text", () => {
    const model = new Bag({
      at: new Map<number | string, Scale>([
        ["01", new Scale()],
        ["2", new Scale()],
        [1.5, new Scale()],
      ]),
    });
    const caller = call(split(model)) as unknown as { at: Record<string, Scale> };
    for (const key of ["01", "2", "1.5"]) expect(caller.at[key]!.then("size")[0]).toBe("size 3");
  });
});

describe("a GraphState", () => {
  it("covers every leaf, and frees its values", () => {
    const model = new Bag({ p: new Param(tf.zeros([1])), b: new BatchStat(tf.zeros([1])) });
    expect(() => unpack(model, Param)).toThrow(FilterError);
    expect(() => unpack(model, Param)).toThrow("unpack");
    const one = unpack(model);
    dispose(model);
    const before = count();
    one[Symbol.dispose]();
    expect(count()).toBe(before - 2);
  });

  it.each<[string, object | null]>([
    ["nothing", null],
    ["a definition without a State", { graphdef: graphdef(new Scale()) }],
    ["a State without a definition", { state: {} }],
    ["a State with another definition", { graphdef: 5, state: {} }],
  ])("is not %s", (_, given) => {
    expect(() => merge(given as never, {})).toThrow("merge: expected a GraphDef as the first argument, got");
  });
});

describe("merge", () => {
  it("takes no leaf for a part of the model, and no part for a leaf", () => {
    const made = graphdef(new Bag({ x: { value: new Param(1) } })) as GraphDef<object>;
    const leaf = state(new Param(5)) as unknown as State;
    expect(() => merge(made, { x: leaf })).toThrow(
      "nothing at x.value, and x, which the model does not have",
    );
    const flat = graphdef(new Bag({ x: new Param(1) })) as GraphDef<object>;
    expect(() => merge(flat, state({ x: { value: new Param(5) } }))).toThrow(
      "nothing at x, and x.value, which the model does not have",
    );
  });

  it("takes the leaf of a model that is one leaf, the last of several", () => {
    const array = tf.tensor([1]);
    expect(merge(graphdef(array), array as never)).toBe(array);
    expect(() => merge(graphdef(array), {})).toThrow("expected");
    expect(() => merge(graphdef(array), 3 as never)).toThrow("merge: expected an array, got 3");
    const kept = state(new Param(1, { tag: "k" }));
    const made = merge(graphdef(kept), state(new Param(2, { tag: "k" })));
    expect(made).toMatchObject({ type: Param, value: 2, metadata: { tag: "k" } });
    expect(merge(graphdef(kept), 7 as never)).toMatchObject({
      type: Param,
      value: 7,
      metadata: { tag: "k" },
    });
    const one = graphdef(new Param(1));
    expect(merge(one, state(new Param(2)), state(new Param(3))).value).toBe(3);
  });

  it("says where nested values are no State, and what came too much", () => {
    const made = graphdef(new Bag({ part: { p: new Param(1) } })) as GraphDef<object>;
    expect(() => merge(made, [] as never)).toThrow("merge: expected a State, or values by name, got");
    expect(() => merge(made, { part: { p: 1, q: { r: 2 } } })).toThrow(
      "exactly the 1 leaves of the GraphDef, got part.q.r, which the model does not have",
    );
    const values = { p: state(new Param(2)) };
    expect(merge(made, { part: values })).toMatchObject({ part: { p: { value: 2 } } });
    expect(merge(made, { part: state({ p: new Param(3) }) })).toMatchObject({ part: { p: { value: 3 } } });
    expect(() => merge(made, state(new Param(1)) as never)).toThrow("nothing at part.p");
  });
});

describe("update of a Map", () => {
  it("finds keys by number or text, and adds under the text that is new", () => {
    const at = new Map<number | string, unknown>([
      ["1", new Param(1)],
      [2, new Param(2)],
    ]);
    update(new Bag({ at }), { at: { "1": 5, "2": 6, fresh: state(new Param(7)), "3": state(new Param(8)) } });
    expect([...at].map(([key, each]) => [key, (each as Param<number>).value])).toEqual([
      ["1", 5],
      [2, 6],
      [3, 8],
      ["fresh", 7],
    ]);
  });
});

describe("a list", () => {
  it("has its items, not what else is written on it", () => {
    const list = Object.assign([new Param(1)], { more: new Param(2) });
    expect(Object.keys(state(new Bag({ list })).list as object)).toEqual(["0"]);
  });
});

describe("asPure", () => {
  it("takes leaves and States as they are, however deep, and shares what was shared", () => {
    const leaf = state(new Param(5));
    expect([asPure(leaf), asPure(3), asPure(null)]).toEqual([5, 3, null]);
    let deep: object = { p: new Param(1) };
    for (let i = 0; i < 600; i++) deep = { a: deep };
    const values = state(deep);
    let pure = asPure(values);
    for (let i = 0; i < 600; i++) pure = (pure as { a: unknown }).a;
    expect(pure).toEqual({ p: 1 });
    const list = [new Param(2)];
    const both = asPure({ x: list, y: list, many: Array.from({ length: 600 }, () => [1]) }) as {
      x: unknown;
      y: unknown;
    };
    expect(both.x).toBe(both.y);
  });

  it("refuses a list that contains itself", () => {
    const list: unknown[] = [];
    list.push([list]);
    expect(() => asPure(list)).toThrow("asPure: expected at most 500 levels of lists and objects");
  });

  it("leaves the values with the model", () => {
    const model = new Scale();
    const { by } = asPure(model) as { by: tf.Tensor };
    dispose(model);
    expect(by.isDisposed).toBe(true);
  });
});

describe("map", () => {
  it("leaves nothing behind, and takes leaves of another type", () => {
    const model = new Scale();
    const before = count();
    const mapped = map((_, leaf) => ({ ...(leaf as object), type: BatchStat }), model);
    expect(mapped.by).toBeInstanceOf(BatchStat);
    dispose(mapped);
    expect(count()).toBe(before);
    dispose(map(() => 1, model));
    dispose(model);
    expect(count()).toBe(before - 1);
  });

  it("puts plain values in the place of Variables, also in States that the model keeps", () => {
    const model = new Bag({ p: new Param(1), kept: state({ q: new Param(2, { tag: "q" }) }) });
    const mapped = map((path) => path.join("."), model, { recreateVariables: false });
    expect(mapped).toMatchObject({
      p: "p",
      kept: { q: { type: Param, value: "kept.q", metadata: { tag: "q" } } },
    });
    expect(recursiveMap((_, value) => value, mapped)).toMatchObject({ p: "p" });
  });
});
