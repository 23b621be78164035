/** @file Parts of the graph: leaves of definitions, maps over all parts, what models print, duplicates. */
import { inspect } from "node:util";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  BatchStat,
  dispose,
  findDuplicates,
  flattenState,
  graphdef,
  Module,
  Param,
  recursiveMap,
  split,
  state,
} from "../index.ts";
import { isOwner } from "../state/holding.ts";
import { leavesOfDefinition } from "./leaves-of-definition.ts";

class Part extends Module {
  readonly w = new Param<unknown>(1, { tag: "w" });
  readonly size = 3;
}

describe("leavesOfDefinition", () => {
  it("lists each leaf once, with its Variable's definition, in the order of a State", () => {
    const part = new Part();
    class Net extends Module {
      readonly z = new BatchStat(2);
      readonly a = part;
      readonly again = { part };
      readonly array = tf.zeros([1]);
    }
    const [definition, values] = split(new Net());
    const leaves = leavesOfDefinition(definition);
    expect(leaves.map(({ path }) => path)).toEqual(flattenState(values).map(([path]) => path));
    expect(leaves.map(({ path, definition: each }) => [path.join("."), each?.type])).toEqual([
      ["a.w", Param],
      ["array", undefined],
      ["z", BatchStat],
    ]);
    expect(leaves[0]?.definition?.metadata).toEqual({ tag: "w" });
  });

  it("has the root for a leaf where there is nothing around it", () => {
    const own = leavesOfDefinition(graphdef(new Param(1, { tag: "x" })));
    expect(own.map(({ path, definition }) => [path, definition?.type, definition?.metadata])).toEqual([
      [[], Param, { tag: "x" }],
    ]);
    expect(leavesOfDefinition(graphdef(tf.zeros([1])))).toEqual([{ path: [], definition: undefined }]);
    const leaf = state(new Param(1, { tag: "y" }));
    expect(leavesOfDefinition(graphdef(leaf))).toMatchObject([
      { path: [], definition: { type: Param, metadata: { tag: "y" } } },
    ]);
    expect(leavesOfDefinition(graphdef(3))).toEqual([]);
  });

  it("knows the Variables of a State that a model keeps", () => {
    class Averaged extends Module {
      readonly ema = state({ w: new Param(1, { tag: "w" }) });
      readonly list = [tf.zeros([1])];
    }
    const leaves = leavesOfDefinition(graphdef(new Averaged()));
    expect(leaves.map(({ path, definition }) => [path, definition?.type, definition?.metadata])).toEqual([
      [["ema", "w"], Param, { tag: "w" }],
      [["list", 0], undefined, undefined],
    ]);
  });
});

describe("recursiveMap", () => {
  const textOf = (path: readonly unknown[]): string => path.join(".");

  it("goes over all parts, children first, and over what is shared once", () => {
    const part = new Part();
    const model = { b: [part], a: part };
    const seen: string[] = [];
    const mapped = recursiveMap((path, value) => {
      seen.push(textOf(path));
      return value;
    }, model);
    expect(seen).toEqual(["a.size", "a.w", "a", "b", ""]);
    expect(mapped.b[0]).toBe(mapped.a);
    expect(mapped.a).not.toBe(part);
    expect(mapped.a.w).toBe(part.w);
    const doubled = recursiveMap((path, value) => (path.at(-1) === "size" ? 6 : value), model);
    expect([doubled.a.size, part.size, doubled.b[0] === doubled.a]).toEqual([6, 3, true]);
  });

  it("replaces Variables, the same in all places", () => {
    const shared = new Param(1);
    const fresh = new BatchStat(2);
    const calls: string[] = [];
    const mapped: { a: unknown; b: unknown[] } = recursiveMap(
      (path, value) => {
        if (value !== shared) return value;
        calls.push(textOf(path));
        return fresh;
      },
      { a: shared, b: [shared] },
    );
    expect(mapped.a).toBe(fresh);
    expect(mapped.b[0]).toBe(fresh);
    expect(calls).toEqual(["a"]);
  });

  it("maps static values at each place, and the model itself", () => {
    const model = { a: 1, b: 1, w: new Param(1) };
    expect(recursiveMap((path, value) => (value === 1 ? textOf(path) : value), model)).toMatchObject({
      a: "a",
      b: "b",
    });
    const root: unknown = recursiveMap((path, value) => (path.length === 0 ? "root" : value), model);
    expect(root).toBe("root");
  });

  it("keeps the leaves of a State, and makes another State where one changes", () => {
    const values = state({ a: new Param(1), sub: { b: new Param(2), c: new Param(3) } });
    const model = { kept: [{ values, size: 1 }] };
    const same = recursiveMap((_, value) => value, model).kept[0]!.values;
    expect(same).toEqual(values);
    expect([same.a === values.a, Object.isFrozen(same), Object.isFrozen(same.sub)]).toEqual([
      true,
      true,
      true,
    ]);
    const withB = (b: unknown): unknown =>
      recursiveMap((path, value) => (path.at(-1) === "b" ? b : value), model).kept[0]!.values;
    const changed = withB({ ...values.sub.b, value: 5 }) as typeof values;
    expect(inspect(changed)).toBe(
      "State: Param 3 (12 B)\n  a: Param 1\n  sub:\n    b: Param 5\n    c: Param 3",
    );
    expect(changed).toEqual({ a: values.a, sub: { b: { ...values.sub.b, value: 5 }, c: values.sub.c } });
    expect([same, changed, changed.sub].map(isOwner)).toEqual([false, true, false]);
    expect(Object.isFrozen(changed.sub)).toBe(true);
    expect(values.sub.b.value).toBe(2);
    // What is no State any more is not made one.
    expect(withB(5)).toEqual({ a: values.a, sub: { b: 5, c: values.sub.c } });
  });

  it("refuses cycles with their path", () => {
    class Ring extends Module {
      readonly list: unknown[] = [];
    }
    const ring = new Ring();
    ring.list.push(ring);
    expect(() => recursiveMap((_, value) => value, ring)).toThrow(
      "recursiveMap at list.0: expected a model without cycles, got an instance of Ring inside itself.",
    );
  });
});

describe("a model", () => {
  it("prints its parts, and not what is static", () => {
    const text = "Part: Param 1 (4 B)\n  w: Param 1";
    expect(String(new Part())).toBe(text);
    expect(inspect(new Part())).toBe(text);
    expect(inspect({ a: { b: { c: new Part() } } })).toContain("[Part: Param 1 (4 B)]");
    const part = new Part();
    part.w.value = tf.tensor([5]);
    expect((part as unknown as { toJSON(): string }).toJSON()).toContain("w: Param float32[1] [5]");
  });

  it("leaves a scope with the Variables of its own, also those in containers", () => {
    class Net extends Module {
      readonly list = [new Param(tf.zeros([1]))];
      readonly inner = { w: new Param(tf.zeros([2])) };
    }
    const before = tf.memory().numTensors;
    const kept = tf.tidy(() => {
      new Net();
      return new Net() as unknown as tf.Tensor;
    }) as unknown as Net;
    expect(tf.memory().numTensors - before).toBe(2);
    expect(kept.list[0]!.value.shape).toEqual([1]);
  });
});

describe("dispose", () => {
  it("frees arrays in containers that nobody holds", () => {
    const kept = new Param(tf.zeros([1]));
    const free = [tf.zeros([1]), tf.zeros([1])];
    dispose({ a: free[0], b: [free[1], kept.value] });
    expect([...free, kept.value].map((x) => x.isDisposed)).toEqual([true, true, false]);
  });
});

describe("findDuplicates", () => {
  it("has the paths of what is there twice, but not of values in States", () => {
    const [part, array] = [new Part(), tf.zeros([1])];
    const values = state({ w: new Param(1) });
    const model = { a: part, b: [part, array], c: part.w, d: array, e: values, f: values, g: "x", h: "x" };
    const found = findDuplicates(model).map((paths) => paths.map((path) => path.join(".")));
    expect(found).toEqual([
      ["a", "b.0"],
      ["a.w", "c"],
      ["b.1", "d"],
    ]);
    expect(
      findDuplicates(model, { only: Param }).map((paths) => paths.map((path) => path.join("."))),
    ).toEqual([["a.w", "c"]]);
  });
});
