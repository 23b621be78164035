/** @file What is a State, and what is refused with its path. */
import { describe, expect, it } from "vitest";
import { StructureError } from "../errors.ts";
import { GraphNode } from "../graph/node.ts";
import { unpack } from "../graph/graph-state.ts";
import { state } from "../graph/split.ts";
import { Param } from "../variable/variable-types.ts";
import type { State } from "./state.ts";
import { checkState } from "./check-state.ts";

const leaf = new Param(1).toState();
const values = state({ a: new Param(1), sub: { b: new Param(2) } });

class Model extends GraphNode {}

describe("checkState", () => {
  it("returns States that the library made as they are, and the State in a GraphState", () => {
    expect(checkState("f", values)).toBe(values);
    expect(checkState("f", values.sub)).toBe(values.sub);
    const packed = unpack({ a: new Param(1) });
    expect(checkState("f", packed)).toBe(packed.state);
    expect(checkState("f", { ...packed })).toBe(packed.state);
    expect(checkState("f", state(new Param(3))).value).toBe(3);
  });

  it("copies what could change later, and keeps what cannot", () => {
    const given = { a: leaf, sub: values.sub, open: { b: { ...leaf } } };
    const checked = checkState("f", given);
    expect(checked).toEqual(given);
    expect(checked).not.toBe(given);
    expect(checked.sub).toBe(values.sub);
    const open = checked.open as State;
    expect([checked, open, open.b].every(Object.isFrozen)).toBe(true);
    const frozen = Object.freeze({ a: leaf });
    expect(checkState("f", frozen)).toBe(frozen);
  });

  it("takes names that every object inherits", () => {
    const given = JSON.parse('{"__proto__": {}, "constructor": {}, "toString": {}}') as Record<
      string,
      object
    >;
    given.constructor = { a: leaf } as never;
    const checked = checkState("f", given);
    expect(Object.keys(checked)).toEqual(["__proto__", "constructor", "toString"]);
    expect(Object.getPrototypeOf(checked)).toBe(Object.prototype);
  });

  it.each([
    ["a number", 5, "f: expected a State, got 5."],
    ["nothing", undefined, "f: expected a State, got undefined."],
    ["a Variable", new Param(1), "f: expected a State, got an instance of Param."],
    ["a model", new Model(), "f: expected a State, got an instance of Model."],
    ["a list", [leaf], "f: expected a State, got an array of length 1."],
    ["a Map", new Map([["a", leaf]]), "f: expected a State, got an instance of Map."],
    ["a number below", { a: { b: 5 } }, "f at a.b: expected a leaf or a subtree, got 5."],
    ["a text below", { a: leaf, b: "x" }, 'f at b: expected a leaf or a subtree, got "x".'],
    [
      "a function below",
      { a: Math.abs },
      "f at a: expected a leaf or a subtree, got the function or class abs.",
    ],
    ["a list below", { a: [leaf] }, "f at a: expected a leaf or a subtree, got an array of length 1."],
    [
      "a Variable below",
      { a: { b: new Param(1) } },
      "f at a.b: expected a leaf or a subtree, got an instance",
    ],
    [
      "a leaf of no Variable type",
      { a: { ...leaf, type: Math.abs } },
      "f at a.type: expected a leaf or a subtree",
    ],
    [
      "a leaf with more than a leaf has",
      { a: { ...leaf, more: 1 } },
      "f at a.type: expected a leaf or a subtree",
    ],
  ])("refuses %s with its path", (_, given, message) => {
    expect(() => checkState("f", given)).toThrow(StructureError);
    expect(() => checkState("f", given)).toThrow(message);
  });
});

describe("checkState ends", () => {
  it("on containers that contain themselves", () => {
    const cycle: Record<string, unknown> = { a: leaf };
    cycle.sub = { again: cycle };
    expect(() => checkState("f", cycle)).toThrow(
      "f at sub.again: expected containers that do not contain themselves, got a cycle of arrays, objects or Maps.",
    );
  });

  it("on sharing that multiplies from level to level", () => {
    let node: object = { a: leaf };
    for (let i = 0; i < 60; i++) node = { left: node, right: node };
    expect(() => checkState("f", node)).toThrow(/expected at most 100,000 shared subtrees, got more/);
  });

  it("on Proxies that make up their children", () => {
    const endless: () => object = () =>
      new Proxy(
        { a: {} },
        { get: endless, getOwnPropertyDescriptor: (t, k) => Reflect.getOwnPropertyDescriptor(t, k) },
      );
    expect(() => checkState("f", endless())).toThrow(/expected at most 100,000 levels, got more/);
  });

  it("on 20,000 levels, which are a State", () => {
    let node: object = { a: leaf };
    for (let i = 0; i < 20_000; i++) node = { sub: node };
    expect(() => checkState("f", node)).not.toThrow();
  });
});
