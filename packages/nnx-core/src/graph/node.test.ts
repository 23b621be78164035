/** @file What kind a value is, and how attributes of nodes and items of containers are written. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { Module, Param, state } from "../index.ts";
import { childAt, classify, defineChild, isWritable, removeChild, setChild } from "./node.ts";

class Empty extends Module {}
class Box {
  readonly inside = new Param(1);
}

describe("classify", () => {
  it.each<[string, unknown, string]>([
    ["null", null, "static"],
    ["a function", () => 1, "static"],
    ["a module", new Empty(), "node"],
    ["a Variable", new Param(1), "variable"],
    ["an array", tf.zeros([1]), "leaf"],
    ["the leaf of a Variable", state(new Param(1)), "leaf"],
    ["a list of numbers and nothing", [1, null, undefined, "a"], "static"],
    ["a list with a Variable in the end", [1, null, new Param(1)], "container"],
    ["a Map with a module", new Map([["a", [new Empty()]]]), "container"],
    ["an instance of another class", new Box(), "static"],
    ["a list with one", [new Box()], "static"],
  ])("finds the kind of %s", (_, value, kind) => {
    expect(classify(value)).toBe(kind);
  });

  it("looks at what contains itself once, and not deeper than 100,000 levels", () => {
    const ring: { first: unknown; self?: unknown } = { first: [new Param(1)] };
    ring.self = ring;
    expect(classify(ring)).toBe("container");
    let deep: unknown = [new Param(1)];
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(classify(deep)).toBe("container");
    expect(classify([deep])).toBe("static");
  });

  it("remembers the containers around the data that it found", () => {
    const [inner, other] = [[new Param(1)], [2]];
    const outer = { other, inner };
    const holding = new Set<object>();
    expect(classify(outer, holding)).toBe("container");
    expect([...holding]).toEqual([inner, outer]);
    inner.pop();
    expect([classify(inner), classify(inner, holding)]).toEqual(["static", "container"]);
  });
});

describe("attributes", () => {
  it("are read, written and removed in Maps as in objects", () => {
    for (const each of [new Map<string, unknown>([["a", 1]]), { a: 1 }]) {
      setChild(each, "b", 2);
      defineChild(each, "c", 3);
      removeChild(each, "a");
      expect(["a", "b", "c"].map((key) => childAt(each, key))).toEqual([undefined, 2, 3]);
      expect(each instanceof Map ? [...each.keys()] : Object.keys(each)).toEqual(["b", "c"]);
    }
  });

  it("can be written in Maps, through setters, and where an object is not closed", () => {
    const open = {
      plain: 1,
      get both() {
        return 1;
      },
      set both(_: number) {},
      get only() {
        return 1;
      },
    };
    const writable = (x: object): boolean[] =>
      ["plain", "both", "only", "new"].map((key) => isWritable(x, key));
    expect(writable(open)).toEqual([true, true, false, true]);
    expect(writable(Object.preventExtensions(open))).toEqual([true, true, false, false]);
    expect(writable(Object.freeze({ plain: 1 }))).toEqual([false, false, false, false]);
    expect(isWritable(Object.freeze(new Map()), "a")).toBe(true);
  });

  it("of a new node are its own, whatever its class has under the name", () => {
    const set: unknown[] = [];
    class Odd {
      set a(value: unknown) {
        set.push(value);
      }
    }
    const odd = new Odd();
    defineChild(odd, "a", 1);
    expect(set).toEqual([]);
    expect(Object.getOwnPropertyDescriptor(odd, "a")).toEqual({
      value: 1,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  });
});
