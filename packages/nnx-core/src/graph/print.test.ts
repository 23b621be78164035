/** @file What definitions print. */
import { inspect } from "node:util";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { graphdef, Param, printGraphDef, state } from "../index.ts";
import { Bag } from "../../test/bag.ts";

const printed = (value: unknown): string =>
  printGraphDef(graphdef(new Bag({ x: value }))).split("\n  x: ")[1] ?? "";

describe("a definition prints", () => {
  class Date2 {}
  const cyclic: unknown[] = [1];
  cyclic.push(cyclic);
  it.each<[string, unknown]>([
    ["10n", 10n],
    ["null", null],
    ["undefined", undefined],
    ['"a\\"b"', 'a"b'],
    ["Symbol(s)", Symbol("s")],
    ["[[[...]]]", [[[[1]]]]],
    ["[[[], 1], { a: { b: 2 } }]", [[[], 1], { a: { b: 2 } }].map((each) => each)],
    ["{ a: { b: { c: 1 } } }", { a: { b: { c: 1 } } }],
    ["{ a: { b: { c: ... } } }", { a: { b: { c: [1] } } }],
    ["Map { k: [1] }", new Map([["k", [1]]])],
    ["{ a: 1 }", Object.assign(Object.create(null) as object, { a: 1 })],
    ["an instance of Date2", new Date2()],
    ["[1, [1, [1, ...]]]", cyclic],
    ["array", tf.zeros([1])],
    ["Param", new Param(1)],
    ['Param { tag: "a", axes: [1] }', new Param(1, { tag: "a", axes: [1] })],
    ["State\n    p: leaf Param\n    q: array", { ...state({ p: new Param(1), q: tf.zeros([1]) }) }],
    ["Map\n    k: Param", new Map([["k", new Param(1)]])],
    ["{}\n    k: Param", { k: new Param(1) }],
  ])("%s", (text, value) => {
    expect(printed(value)).toBe(text);
  });

  it("at most 100 lines where it is only looked at", () => {
    const made = (length: number): string =>
      inspect(graphdef(new Bag(Object.fromEntries(Array.from({ length }, (_, i) => [`a${i}`, i])))));
    const lines = made(101).split("\n");
    expect(lines.slice(0, 4)).toEqual(["GraphDef", "Bag", "  a0: 0", "  a1: 1"]);
    expect(lines.length).toBe(102);
    expect(lines.at(-1)).toBe("… and 2 more lines");
    expect(made(99).split("\n")).toHaveLength(101);
    expect(made(99)).not.toContain("more lines");
    expect(
      printGraphDef(graphdef(new Bag(Array.from({ length: 150 }, (_, i) => i)))).split("\n"),
    ).toHaveLength(151);
  });
});
