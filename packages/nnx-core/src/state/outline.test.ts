/** @file Models and States as outlines: what they show, in which order, and what they cut. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { BatchStat, dispose, Module, Param, state, type State, unflattenState, Variable } from "../index.ts";
import { outline, outlineLine, stateNodes } from "./outline.ts";

class Part extends Module {
  readonly w: Param<unknown>;
  deterministic?: boolean;
  useRunningAverage?: boolean;
  constructor(value: unknown = 1) {
    super();
    this.w = new Param(value);
  }
}

const nodes = { isNode: (x: object) => x instanceof Module, isPart: (x: unknown) => typeof x === "object" };
const lines = (root: object, options: Parameters<typeof outline>[2] = {}): string[] =>
  outline(root, nodes, options).split("\n");

const flat = (count: number): State =>
  unflattenState(Array.from({ length: count }, (_, i) => [[`w${i + 10}`], new Param(i).toState()] as const));

describe("the first line", () => {
  it("counts numbers and bytes by type, sorted by name", () => {
    const values = state({
      b: new Param(tf.zeros([2, 3])),
      a: new BatchStat(tf.zeros([4], "bool")),
      c: { d: new Param(5) },
      e: new Variable({ list: [1, 2] }),
    });
    expect(outlineLine(values, stateNodes, "State")).toBe(
      "State: BatchStat 4 (4 B), Param 7 (28 B), Variable 2 (8 B)",
    );
  });

  it("is the name alone where there is nothing", () => {
    expect(outlineLine(unflattenState([]), stateNodes, "State")).toBe("State");
    class Empty extends Module {}
    expect(outlineLine(new Empty(), nodes)).toBe("Empty");
  });

  it("counts arrays without a Variable, a shared Variable once, and a disposed one not", () => {
    const shared = new Param(tf.zeros([5]));
    const gone = new Param(tf.zeros([7]));
    class Arrays extends Module {
      readonly array = tf.zeros([3]);
      readonly list = [shared, { again: shared }, new Map([["m", shared]])];
      readonly gone = gone;
    }
    const model = new Arrays();
    gone.dispose();
    expect(outlineLine(model, nodes)).toBe("Arrays: Param 5 (20 B), array 3 (12 B)");
  });

  it("says the mode of the layers that have one", () => {
    class Net extends Module {
      readonly a = new Part();
      readonly b = new Part();
    }
    const model = new Net();
    const mode = (): string => outlineLine(model, nodes).split(", ").slice(1).join(", ");
    expect(mode()).toBe("");
    model.a.deterministic = true;
    expect(mode()).toBe("evaluation mode");
    model.b.useRunningAverage = false;
    expect(mode()).toBe("some layers in training mode, some in evaluation mode");
    model.a.deterministic = false;
    expect(mode()).toBe("training mode");
    Object.assign(model.b, { useRunningAverage: "yes" });
    expect(mode()).toBe("training mode");
  });
});

describe("the lines below", () => {
  it("sort the parts of modules and records, and keep the order of lists and Maps", () => {
    class Net extends Module {
      readonly z = { b: new Param(1), a: new Param(tf.zeros([2])) };
      readonly list = Array.from({ length: 11 }, (_, i) => new Param(i));
      readonly map = new Map([
        ["y", new Param(1)],
        ["x", new Param(2)],
      ]);
      readonly part = new Part();
    }
    const model = new Net();
    model.part.deterministic = true;
    model.part.useRunningAverage = false;
    const items = Array.from({ length: 11 }, (_, i) => `    ${i}: Param ${i}`);
    expect(lines(model)).toEqual([
      "Net: Param 17 (68 B), some layers in training mode, some in evaluation mode",
      "  list: [11]",
      ...items,
      "  map: Map",
      "    y: Param 1",
      "    x: Param 2",
      "  part: Part, deterministic: true, useRunningAverage: false",
      "    w: Param 1",
      "  z:",
      "    a: Param float32[2]",
      "    b: Param 1",
    ]);
  });

  it("show what is shared once, and name the place of the first", () => {
    const part = new Part();
    const record = { w: new Param(1) };
    class Net extends Module {
      readonly a = part;
      readonly b = [part];
      readonly c = part.w;
      readonly d = record;
      readonly e = record;
      readonly self: unknown = this;
    }
    expect(lines(new Net())).toEqual([
      "Net: Param 2 (8 B)",
      "  a: Part",
      "    w: Param 1",
      "  b: [1]",
      "    0: Part, the same as a",
      "  c: the same as a.w",
      "  d:",
      "    w: Param 1",
      "  e: the same as d",
      "  self: Net, the same as (root)",
    ]);
  });

  it("repeat arrays, which have no identity, and say what was disposed", () => {
    const array = tf.zeros([2]);
    class Net extends Module {
      readonly a = array;
      readonly b = array;
      readonly c = new BatchStat(tf.zeros([1]));
    }
    const model = new Net();
    model.c.dispose();
    expect(lines(model)).toEqual([
      "Net: array 2 (8 B)",
      "  a: float32[2]",
      "  b: float32[2]",
      "  c: BatchStat disposed",
    ]);
  });

  it("show values only where they are asked for", () => {
    const values = state({ w: new Param(tf.tensor([1, 2])), array: tf.tensor([0.5]) });
    expect(outline(values, stateNodes, { name: "S", withValues: true }).split("\n")).toEqual([
      "S: Param 2 (8 B), array 1 (4 B)",
      "  array: float32[1] [0.5]",
      "  w: Param float32[2] [1, 2]",
    ]);
    expect(outline(values, stateNodes, { name: "S" })).not.toContain("[1, 2]");
    class Net extends Module {
      readonly w = new Param(tf.tensor([3]));
    }
    expect(lines(new Net(), { withValues: true })[1]).toBe("  w: Param float32[1] [3]");
  });

  it("leave out what is no part", () => {
    class Net extends Module {
      readonly w = new Param(1);
      readonly size = 3;
      readonly name = "n";
    }
    expect(lines(new Net())).toEqual(["Net: Param 1 (4 B)", "  w: Param 1"]);
  });
});

describe("what is cut", () => {
  it("parts behind the twelfth of one place", () => {
    expect(lines(flat(12))).toHaveLength(13);
    expect(lines(flat(13)).at(-1)).toBe("  … and 1 more");
    expect(lines(flat(5), { parts: 3 }).slice(1)).toEqual([
      "  w10: Param 0",
      "  w11: Param 1",
      "  w12: Param 2",
      "  … and 2 more",
    ]);
  });

  it("levels below the sixth, with how much is inside", () => {
    const deep = (levels: number): object => {
      let node: object = { w: new Param(1), v: new Param(2) };
      for (let i = 0; i < levels; i++) node = { in: node };
      return node;
    };
    expect(lines(deep(5), { name: "x" }).slice(-2)).toEqual([
      `${" ".repeat(12)}v: Param 2`,
      `${" ".repeat(12)}w: Param 1`,
    ]);
    expect(lines(deep(6), { name: "x" }).at(-1)).toBe(`${" ".repeat(12)}in: … 2 inside`);
    class Net extends Module {
      readonly a = [new Part()];
      readonly b: Param<number>[] = [];
    }
    expect(lines(new Net(), { levels: 1 })).toEqual([
      "Net: Param 1 (4 B)",
      "  a: [1], … 1 inside",
      "  b: [0]",
    ]);
  });

  it("lines behind the hundredth, and those below them are not looked at", () => {
    const wide = { a: [1, 2, 3].map((i) => new Param(i)), b: new Param(4), c: [new Param(5), new Param(6)] };
    expect(lines(wide, { name: "x", lines: 7 }).slice(-2)).toEqual(["  c: [2]", "… and more than 1 lines"]);
    expect(lines(wide, { name: "x", lines: 9 })).toHaveLength(9);
    expect(lines(wide, { name: "x", lines: 8 }).slice(-2)).toEqual([
      "    0: Param 5",
      "… and more than 0 lines",
    ]);
    expect(lines(wide, { name: "x", lines: 4 })).toEqual([
      "x: Param 6 (24 B)",
      "  a: [3]",
      "    0: Param 1",
      "    1: Param 2",
      // a's third, b, c, and the two in c, which were counted without a look at them.
      "… and more than 4 lines",
    ]);
    const values = unflattenState(
      Array.from(
        { length: 120 },
        (_, i) => [[`g${Math.floor(i / 12)}`, `w${i}`], new Param(i).toState()] as const,
      ),
    );
    expect(lines(values)).toHaveLength(101);
    dispose(values);
  });
});
