/** @file How models, Variables, States and definitions print themselves. */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import * as nnx from "../index.ts";
import { Cnn } from "../../test/models.ts";

class Ring extends nnx.Module {
  readonly linear: nnx.Linear;
  readonly again: nnx.Linear;
  readonly items: nnx.Linear[];
  readonly self: Ring;
  constructor({ rngs }: { rngs: nnx.Rngs }) {
    super();
    this.linear = new nnx.Linear(2, 3, { rngs });
    this.again = this.linear;
    this.items = Array.from({ length: 15 }, () => new nnx.Linear(1, 1, { useBias: false, rngs }));
    this.self = this;
  }
}

const rngs = () => new nnx.Rngs(0);
const textOf = (x: unknown): string => String(x);

/** The part of vitest that makes the text of a failure. It is no dependency of ours. */
const ofVitest = createRequire(createRequire(import.meta.url).resolve("vitest/package.json"));
const { processError } = (await import(pathToFileURL(ofVitest.resolve("@vitest/utils/error")).href)) as {
  readonly processError: (error: unknown) => { readonly message: string; readonly diff?: string };
};

/** The lines that a failing comparison prints. */
function failure(compare: () => void): string[] {
  try {
    compare();
  } catch (error) {
    const { message, diff = "" } = processError(error);
    return `${message}\n${diff}`.split("\n");
  }
  throw new Error("expected the comparison to fail, but it did not.");
}

describe("a model", () => {
  beforeAll(() => tf.setBackend("cpu"));

  it("prints classes, shapes, amounts and modes", () => {
    const model = new Cnn({ rngs: rngs() });
    expect(String(model)).toMatchSnapshot();
    expect(inspect(model)).toBe(String(model));
    model.eval();
    expect(String(model)).toMatch(/^Cnn: BatchStat 16 \(64 B\), .*, evaluation mode\n/);
    model.drop.deterministic = false;
    expect(String(model)).toMatch(/, some layers in training mode, some in evaluation mode\n/);
    expect(inspect({ a: { b: { c: [model] } } }, { depth: 3 })).toContain("[Cnn: BatchStat 16 (64 B)");
  });

  it("marks what is shared and what contains itself, and cuts what is wide", () => {
    const text = String(new Ring({ rngs: rngs() }));
    expect(text).toContain("\n  linear: Linear, the same as again\n");
    expect(text).toContain("\n  self: Ring, the same as (root)");
    expect(text).toContain("\n  items: [15]\n    0: Linear\n");
    expect(text).toContain("\n    … and 3 more\n");
  });

  it("cuts what is deep, and what is long", () => {
    class Nest extends nnx.Module {
      readonly inner: Nest[];
      readonly w: nnx.Param<number>;
      constructor(depth: number, width: number) {
        super();
        this.w = new nnx.Param(depth);
        this.inner = depth === 0 ? [] : Array.from({ length: width }, () => new Nest(depth - 1, width));
      }
    }
    const deep = String(new Nest(500, 1)).split("\n");
    expect(deep.length).toBeLessThan(20);
    expect(deep.some((line) => /, … \d inside$/.test(line))).toBe(true);
    const wide = String(new Nest(4, 5)).split("\n");
    expect(wide).toHaveLength(101);
    expect(wide.at(-1)).toMatch(/^… and more than \d+ lines$/);
  });

  it("is short where a test fails, and shows what differs", () => {
    const [a, b] = [new nnx.Linear(2, 3, { rngs: rngs() }), new nnx.Linear(2, 3, { rngs: new nnx.Rngs(1) })];
    for (const lines of [
      failure(() => expect(a).toEqual(b)),
      failure(() => expect(a.kernel).toEqual(b.kernel)),
      failure(() => expect(nnx.state(a)).toEqual(nnx.state(b))),
      failure(() => expect([{ model: a }]).toEqual([{ model: 3 }])),
    ]) {
      expect(lines.length).toBeLessThan(15);
      expect(lines.some((line) => /Param float32\[2,3\] \[/.test(line))).toBe(true);
    }
    expect(a).toEqual(a);
    expect(nnx.clone(a, { variables: false })).toEqual(a);
    expect(nnx.state(a)).toEqual(nnx.state(a));
    expect(nnx.graphdef(a)).toEqual(nnx.graphdef(b));
    expect(Object.keys(nnx.state(a))).toEqual(["bias", "kernel"]);
  });

  it("has States, definitions, keys and summaries that print themselves", () => {
    const model = new nnx.Linear(2, 3, { rngs: rngs() });
    const [graphdef, state] = nnx.split(model);
    const stateText = "State: Param 9 (36 B)\n  bias: Param float32[3]\n  kernel: Param float32[2,3]";
    expect(textOf(state)).toBe(stateText);
    expect(inspect(state)).toBe(stateText);
    expect(inspect([[[[state]]]])).not.toContain("isDisposedInternal");
    expect(textOf(graphdef)).toMatch(/^GraphDef\nLinear\n {2}bias: Param\n/);
    expect(inspect(graphdef)).toBe(textOf(graphdef));
    const abstract = nnx.asAbstract(model);
    expect(String(abstract).replace("Linear", "State")).toBe(stateText);
    const summary = nnx.summarize(model);
    expect(summary.rows.map(({ path, part }) => [path.join("."), part])).toEqual([
      ["bias", "Param"],
      ["kernel", "Param"],
    ]);
    expect(inspect(summary)).toBe(String(summary));
    model.dispose();
    expect(String(model)).toBe("Linear\n  bias: Param disposed\n  kernel: Param disposed");
  });

  it("may have a toString of its own, and States may have a leaf of that name", () => {
    class Named extends nnx.Module {
      override toString(): string {
        return "mine";
      }
    }
    expect(inspect(new Named())).toBe("mine");
    const state = nnx.unflattenState([[["toString"], nnx.state(new nnx.Param(1)) as never]]);
    expect(textOf(state)).toContain("toString: ");
  });

  it("is shown by consoles of browsers that ask for a formatter", () => {
    const other = { header: () => null };
    const scope: { devtoolsFormatters?: object[] } = { devtoolsFormatters: [other] };
    const remove = nnx.formatInDevtools(scope);
    const remove2 = nnx.formatInDevtools(scope);
    expect(scope.devtoolsFormatters).toHaveLength(2);
    const formatter = scope.devtoolsFormatters![1] as Record<string, (x: unknown) => unknown>;
    const model = new nnx.Linear(2, 3, { rngs: rngs() });
    expect(formatter.header!(model)).toEqual(["span", {}, "Linear: Param 9 (36 B)"]);
    expect(formatter.hasBody!(model)).toBe(true);
    expect(JSON.stringify(formatter.body!(model))).toContain('"bias: "');
    expect(formatter.body!(nnx.state(model))).toHaveLength(4);
    expect(formatter.body!(model.kernel)).toHaveLength(4);
    expect(formatter.header!({ a: 1 })).toBeNull();
    expect(formatter.body!(1)).toBeNull();
    remove();
    remove2();
    expect(scope.devtoolsFormatters).toEqual([other]);
  });
});
