/** @file Trees side by side: parts of them, one value for all below a path, and walks that repeat. */
import { BatchStat, Module, Param, StructureError, state, toPure, Variable } from "@nnxjs/nnx-core";
import { markFixed } from "@nnxjs/nnx-core/internal";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { dot, addScaled, numberIn, scaled, squaredNorm } from "./arithmetic.ts";
import { isLike } from "./like.ts";
import { graft, haveSamePaths, mapFlags, prune, spread } from "./select.ts";
import { align, isBranch } from "./structure.ts";
import { alike, checkAlike, leavesOf, type Tree } from "./tree.ts";
import { kindsOf, likenesses, variablesOf, withVariables } from "./variables.ts";

const [x, y, z] = [tf.tensor([1, 2]), tf.tensor([3]), tf.scalar(4)];
const tree = { a: { x, y }, b: [z] } as unknown as Tree;
const isText = (value: unknown): value is string => typeof value === "string";
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const values = (value: unknown): unknown =>
  value instanceof tf.Tensor
    ? [...value.dataSync()]
    : Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, values(item)]));

describe("spread", () => {
  const spreadOver = (prefix: unknown) => spread("f", tree, prefix, "a label", isText);

  it.each<[string, unknown, unknown]>([
    ["one value", "p", { a: { x: "p", y: "p" }, b: ["p"] }],
    ["one for each part", { a: "p", b: "q" }, { a: { x: "p", y: "p" }, b: ["q"] }],
    ["one for each leaf", { a: { x: "p", y: "q" }, b: ["r"] }, { a: { x: "p", y: "q" }, b: ["r"] }],
    [
      "in any order, lists as records",
      { b: { 0: "r" }, a: { y: "q", x: "p" } },
      { a: { x: "p", y: "q" }, b: ["r"] },
    ],
  ])("takes %s", (_what, prefix, expected) => {
    expect(plain(spreadOver(prefix))).toEqual(expected);
  });

  it.each<[string, unknown, string]>([
    [
      "nothing",
      undefined,
      "f at (root): expected a label for each parameter, or for all below a path, got nothing.",
    ],
    [
      "too little",
      { a: "p" },
      "f at b: expected a label for each parameter, or for all below a path, got nothing.",
    ],
    [
      "too much",
      { a: "p", b: "q", c: "r" },
      'f at c: expected a label for each parameter, or for all below a path, got "r".',
    ],
    ["too little below", { a: { x: "p" }, b: "q" }, "f at a.y: expected a label"],
    [
      "more than there is",
      { a: { x: { deep: "p" }, y: "q" }, b: "q" },
      "f at a.x: expected a label for each",
    ],
    [
      "another kind",
      { a: 5, b: "q" },
      "f at a.x: expected a label for each parameter, or for all below a path, got 5.",
    ],
    [
      "a hole",
      { a: undefined, b: "q" },
      "f at a: expected a label for each parameter, or for all below a path, got nothing.",
    ],
  ])("refuses %s, and says where", (_what, prefix, message) => {
    expect(() => spreadOver(prefix)).toThrow(StructureError);
    expect(() => spreadOver(prefix)).toThrow(message);
  });
});

describe("prune and graft", () => {
  const flags = { a: { x: true, y: false }, b: [true] };

  it("leave leaves out, and put others in the place of those that stayed", () => {
    const pruned = prune("f", "updates", tree, flags);
    expect(leavesOf(pruned)).toEqual([x, z]);
    expect(Object.keys((pruned as { a: object }).a)).toEqual(["x"]);
    const fresh = { a: { x: tf.tensor([7]) }, b: [tf.scalar(8)] } as unknown as Tree;
    const whole = graft("f", tree, flags, fresh);
    expect(values(whole)).toEqual({ a: { x: [7], y: [3] }, b: { 0: [8] } });
    expect(Array.isArray((whole as { b: unknown }).b)).toBe(true);
  });

  it("refuse flags and parts of other paths", () => {
    expect(() => prune("f", "updates", tree, { a: true, b: [true] } as never)).toThrow(
      "f at a: expected mask with the paths of the updates, got true.",
    );
    expect(() => graft("f", tree, flags, { a: { x }, b: [z, z] } as unknown as Tree)).toThrow(
      "f at b.1: expected inner updates with the paths of the updates, got a float32[].",
    );
  });

  it("know the Variables of what stays", () => {
    const variables = { a: { x: new Param(1), y: new BatchStat(2) }, b: [new Variable(3)] };
    const known = withVariables({ ...tree } as Tree, variables);
    const kept = variablesOf(prune("f", "params", known, flags)) as typeof variables;
    expect(kept.a.x).toBe(variables.a.x);
    expect(Object.keys(kept.a)).toEqual(["x"]);
    expect(kept.b[0]).toBe(variables.b[0]);
    expect(variablesOf(prune("f", "params", tree, flags))).toBeUndefined();
    const { a, b } = variables;
    const alikes = likenesses(known, kindsOf([a.x, a.y, ...b])) as typeof variables;
    expect(alikes.a.y).toBeInstanceOf(BatchStat);
    expect(alikes.a.y).not.toBe(variables.a.y);
    expect(alikes.a.y.value).toBeUndefined();
  });

  it("map flags to others", () => {
    expect(plain(mapFlags((flag: boolean) => (flag ? 1 : 0), flags))).toEqual({ a: { x: 1, y: 0 }, b: [1] });
  });
});

describe("haveSamePaths", () => {
  it.each<[unknown, unknown, boolean]>([
    [{ a: 1 }, { a: 2 }, true],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: 1 }, { b: 1 }, false],
    [{ a: 1 }, { a: { b: 1 } }, false],
    [[1], { 0: 1 }, false],
    [[1], [1, 2], false],
    [1, 2, true],
    [{ a: {} }, { a: 1 }, false],
    [{ a: undefined }, { a: undefined }, false],
  ])("%j, %j", (a, b, expected) => {
    expect(haveSamePaths(a, b)).toBe(expected);
  });

  it("does not hide that a tree contains itself", () => {
    const cyclic: Record<string, unknown> = {};
    cyclic.a = cyclic;
    expect(() => haveSamePaths(cyclic, cyclic)).toThrow("Optimizer at a: expected arrays and records");
  });
});

describe("align", () => {
  const never = (): Error => new Error("They differ.");

  it("gives rows in the order of the first, with their paths, and results of its structure", () => {
    const { rows, finish } = align(
      [
        { b: [1, 2], a: { c: 3 } },
        { a: { c: 30 }, b: [10, 20] },
      ],
      2,
      never,
    );
    expect(rows.map((row) => [row.path().join("."), ...row.leaves])).toEqual([
      ["b.0", 1, 10],
      ["b.1", 2, 20],
      ["a.c", 3, 30],
    ]);
    rows.forEach((row, i) => {
      row.put(0, i);
      row.put(1, -i);
    });
    rows[2]!.drop(1);
    // There is no such result, and nothing to do.
    rows[0]!.put(2, 5);
    rows[0]!.drop(2);
    const [first, second] = finish();
    expect(plain(first)).toEqual({ b: [0, 1], a: { c: 2 } });
    expect(plain(second)).toEqual({ b: [0, -1], a: {} });
    expect(Object.keys(first as object)).toEqual(["b", "a"]);
    expect(Object.getPrototypeOf(first)).toBeNull();
  });

  it("has one row for what is a leaf itself", () => {
    const { rows, finish } = align([x, y], 1, never);
    expect([rows.length, rows[0]!.path()]).toEqual([1, []]);
    rows[0]!.put(0, z);
    expect(finish()).toEqual([z]);
  });

  it("takes leaves of States for leaves", () => {
    const leaf = new Param(1).toState();
    expect([isBranch(leaf), isBranch({ leaf }), isBranch([]), isBranch(x), isBranch(null)]).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
  });

  it("repeats a walk over structures that never change, with results of its own each time", () => {
    const fixed = markFixed({ a: { x: 1 }, b: [2] });
    const other = markFixed({ a: { x: 10 }, b: [20] });
    const first = align([fixed, other], 1, never);
    for (const row of first.rows) row.put(0, "first");
    const again = align([fixed, other], 2, never);
    expect(again.checked).toBeInstanceOf(Set);
    expect(first.checked).toBeUndefined();
    expect(again.rows.map((row) => [row.path().join("."), ...row.leaves])).toEqual([
      ["a.x", 1, 10],
      ["b.0", 2, 20],
    ]);
    again.rows.forEach((row, i) => {
      row.put(0, i);
      row.put(1, i + 5);
    });
    expect(plain(again.finish())).toEqual([
      { a: { x: 0 }, b: [1] },
      { a: { x: 5 }, b: [6] },
    ]);
    expect(plain(first.finish())).toEqual([{ a: { x: "first" }, b: ["first"] }]);
    // Beside another structure it is another walk.
    expect(align([fixed], 1, never).rows.map(({ leaves }) => leaves)).toEqual([[1], [2]]);
    expect(align([other, fixed], 1, never).rows.map(({ leaves }) => leaves)).toEqual([
      [10, 1],
      [20, 2],
    ]);
    expect(align([fixed, { a: { x: 3 }, b: [4] }], 1, never).rows.map(({ leaves }) => leaves)).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(() => align([fixed, { a: { x: 3 } }], 1, never)).toThrow("They differ.");
  });

  it("looks again at what may change beside what does not", () => {
    const fixed = markFixed({ a: 1 });
    const open: Record<string, number> = { a: 2 };
    const leaves = (): unknown => align([fixed, open], 0, never).rows.map((row) => row.leaves);
    expect(leaves()).toEqual([[1, 2]]);
    open.a = 3;
    expect(leaves()).toEqual([[1, 3]]);
    open.b = 4;
    expect(leaves).toThrow("They differ.");
  });

  it("keeps the order of keys in repeated results", () => {
    const fixed = markFixed({ b: 1, a: { d: 2, c: 3 }, 0: 4 });
    align([fixed], 1, never);
    const { rows, finish } = align([fixed], 1, never);
    for (const row of [...rows].reverse()) row.put(0, row.leaves[0]);
    expect(JSON.stringify(finish()[0])).toBe(JSON.stringify(fixed));
  });
});

describe("checks", () => {
  it("compare shapes and dtypes with the first, or with the shape that a rule gives", () => {
    const params = { w: tf.zeros([2, 3]) };
    const rows = (shape: readonly number[]): readonly number[] => shape.slice(0, 1);
    const check = (w: tf.Tensor) => () => checkAlike("f", { params, v: { w } }, { v: rows });
    expect(check(tf.zeros([2]))).not.toThrow();
    expect(check(tf.zeros([3]))).toThrow(
      "f at w: expected v of shape [2] for the params, a float32[2,3], got a float32[3].",
    );
    expect(check(tf.zeros([2], "int32"))).toThrow("got an int32[2].");
    expect(check(5 as never)).toThrow(
      "f at w: expected v of shape [2] for the params, a float32[2,3], got 5.",
    );
    expect(() =>
      checkAlike("f", { params, v: { w: tf.zeros([2]) }, u: { w: tf.zeros([2]) } }, { v: rows }),
    ).toThrow("f at w: expected u like the params");
    expect(() => checkAlike("f", { params, mu: {} })).toThrow(
      "f at w: expected mu with the paths of the params, got nothing.",
    );
  });

  it("look at structures that never change once, and again at what they are compared for anew", () => {
    const params = markFixed({ w: tf.zeros([2]) });
    const mu = markFixed({ w: tf.zeros([2]) });
    expect(alike("f", { params, mu }, 1).rows).toHaveLength(1);
    expect(alike("f", { params, mu }, 1).rows).toHaveLength(1);
    const half = (): readonly number[] => [1];
    expect(() => checkAlike("f", { params, mu }, { mu: half })).toThrow("expected mu of shape [1]");
    const odd = markFixed({ w: tf.zeros([3]) });
    for (let i = 0; i < 3; i++)
      expect(() => checkAlike("f", { params, odd })).toThrow("f at w: expected odd like the params");
  });

  it("tell tensors that can take each other's place", () => {
    expect(isLike(tf.zeros([2]), tf.ones([2]))).toBe(true);
    for (const other of [tf.zeros([3]), tf.zeros([2], "int32"), tf.zeros([2, 1]), 5, undefined])
      expect([isLike(other, tf.ones([2])), isLike(tf.ones([2]), other)]).toEqual([false, false]);
  });
});

describe("arithmetic", () => {
  const a = { u: tf.tensor([1, 2]), v: { w: tf.scalar(3) } };
  const b = { u: tf.tensor([4, 5]), v: { w: tf.scalar(-6) } };

  it("has products, sums and multiples", () => {
    expect(dot(a, b).dataSync()[0]).toBe(4 + 10 - 18);
    expect(dot({}, {}).dataSync()[0]).toBe(0);
    expect(values(addScaled(a, 2, b))).toEqual({ u: [9, 12], v: { w: [-9] } });
    expect(values(addScaled(a, tf.scalar(0.5), b))).toEqual({ u: [3, 4.5], v: { w: [0] } });
    expect(values(scaled(a, -3))).toEqual({ u: [-3, -6], v: { w: [-9] } });
    expect(squaredNorm(a).dataSync()[0]).toBe(14);
    expect(squaredNorm({}).dataSync()[0]).toBe(0);
  });

  it("takes the norm of States of no Variables, and of pure values", () => {
    class Net extends Module {
      readonly w = new Param<tf.Tensor>(tf.tensor([3, 4]));
    }
    const params = state(new Net());
    expect(squaredNorm(params).dataSync()[0]).toBe(25);
    expect(squaredNorm(toPure<tf.Tensor>(params)).dataSync()[0]).toBe(25);
    expect(squaredNorm(state(new Net(), BatchStat)).dataSync()[0]).toBe(0);
  });

  it("reads numbers and scalars", () => {
    expect([
      numberIn("f", "x", 5),
      numberIn("f", "x", tf.scalar(2)),
      numberIn("f", "x", tf.ones([1, 1])),
    ]).toEqual([5, 2, 1]);
    expect(() => numberIn("f", "x", tf.ones([2]))).toThrow(
      "f: expected x to be a number or a scalar, got a float32[2].",
    );
    expect(() => numberIn("f", "x", "5")).toThrow('f: expected x to be a number or a scalar, got "5".');
  });
});
