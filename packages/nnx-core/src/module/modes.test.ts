/** @file The rules of attributes, modes and views. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  dispose,
  GraphNode,
  Module,
  type ModeValues,
  NotFoundError,
  Param,
  setAttributes,
  setMode,
  Variable,
  view,
  viewInfo,
  withAttributes,
} from "../index.ts";

class Dropout extends Module {
  static readonly modes: Readonly<Record<string, string>> = { deterministic: "Return the input unchanged." };
  deterministic = false;
  readonly count: Variable<number> = new Variable(0);
  setMode({ deterministic, ...rest }: ModeValues): ModeValues {
    if (typeof deterministic === "boolean") this.deterministic = deterministic;
    return rest;
  }
}
class Norm extends Module {
  useRunningAverage = false;
  setMode({ useRunningAverage, momentum, ...rest }: ModeValues): ModeValues {
    if (typeof useRunningAverage === "boolean") this.useRunningAverage = useRunningAverage;
    void momentum;
    return rest;
  }
}
/** A node that is no module. */
class Stream extends GraphNode {
  deterministic = false;
}
class Block extends Module {
  readonly kernel: Param<tf.Tensor> = new Param(tf.zeros([1]));
  readonly drop: Dropout = new Dropout();
  readonly norm: Norm = new Norm();
  readonly more: Dropout[] = [new Dropout()];
  readonly stream: Stream = new Stream();
  readonly me: Block = this;
}

describe("attributes", () => {
  it("setAttributes sets what each selected module has; other nodes are no modules", () => {
    const block = new Block();
    block.setAttributes({ deterministic: true });
    expect([block.drop.deterministic, block.more[0]?.deterministic, block.stream.deterministic]).toEqual([
      true,
      true,
      false,
    ]);
    setAttributes(block, { deterministic: false }, { only: (path) => path[0] === "more" });
    expect([block.drop.deterministic, block.more[0]?.deterministic]).toEqual([true, false]);
  });

  it("names what no module has, and sets nothing then", () => {
    const block = new Block();
    const set = (): void => block.setAttributes({ zzz: 1, deterministic: true, aaa: 2 });
    expect(set).toThrow(NotFoundError);
    expect(set).toThrow(/\{aaa, zzz\}/);
    expect(block.drop.deterministic).toBe(false);
    expect(() => block.setAttributes({ useRunningAverage: true }, { only: Dropout })).toThrow(
      /useRunningAverage/,
    );
    block.setAttributes({ zzz: 1 }, { raiseIfNotFound: false });
    expect(block).not.toHaveProperty("zzz");
  });

  it("train and eval set the two modes, and more", () => {
    const block = new Block();
    block.eval();
    expect([block.drop.deterministic, block.norm.useRunningAverage]).toEqual([true, true]);
    block.train({ useRunningAverage: true });
    expect([block.drop.deterministic, block.norm.useRunningAverage]).toEqual([false, true]);
  });

  it("withAttributes sets them on a view", () => {
    const block = new Block();
    const other = withAttributes(block, { deterministic: true }, { only: Dropout });
    expect([other.drop.deterministic, block.drop.deterministic]).toEqual([true, false]);
    expect(other.kernel).toBe(block.kernel);
    expect(() => withAttributes(block, { nothing: 1 })).toThrow(NotFoundError);
  });
});

describe("modes", () => {
  it("setMode asks each node with modes; what one does not use, another may", () => {
    const block = new Block();
    setMode(block, { deterministic: true, useRunningAverage: true });
    expect([block.drop.deterministic, block.more[0]?.deterministic, block.norm.useRunningAverage]).toEqual([
      true,
      true,
      true,
    ]);
    setMode(block, { deterministic: false }, { only: (path) => path[0] === "drop" });
    expect([block.drop.deterministic, block.more[0]?.deterministic]).toEqual([false, true]);
  });

  it("names what nobody used, and sets nothing then", () => {
    const block = new Block();
    expect(() => setMode(block, { deterministic: true, zzz: 1 })).toThrow(
      /at least one selected node uses, got \{zzz\}/,
    );
    expect(block.drop.deterministic).toBe(false);
    expect(() => setMode(block, { deterministic: true }, { only: Norm })).toThrow(NotFoundError);
    setMode(block, { deterministic: true, zzz: 1 }, { raiseIfNotFound: false });
    expect(block.drop.deterministic).toBe(true);
  });

  it("refuses a setMode that does not return the rest", () => {
    class Careless extends Module {
      setMode(): ModeValues {
        return undefined as unknown as ModeValues;
      }
    }
    expect(() => setMode({ x: new Careless() }, { a: 1 })).toThrow(
      /setMode at x: expected the node's setMode to return/,
    );
  });

  it("view is a new model around the same Variables; the original's modes stay", () => {
    const block = new Block();
    const evaluating = view(block, { deterministic: true });
    expect(evaluating).toBeInstanceOf(Block);
    expect([evaluating.drop.deterministic, block.drop.deterministic]).toEqual([true, false]);
    expect(evaluating.kernel).toBe(block.kernel);
    evaluating.drop.count.value++;
    expect(block.drop.count.value).toBe(1);
    // Flax refuses cycles here; a copy has them like the original.
    expect(evaluating.me).toBe(evaluating);
    expect(() => view(block, { x: 1 })).toThrow(/got \{x\}, which none does/);
    expect(view(block, { x: 1 }, { raiseIfNotFound: false })).not.toBe(block);
    expect(
      view(block, { deterministic: true }, { only: (path) => path[0] === "drop" }).more[0]?.deterministic,
    ).toBe(false);
  });

  it("disposing a view leaves the model alone", () => {
    const block = new Block();
    {
      using evaluating = view(block, { deterministic: true });
      dispose([evaluating, evaluating.drop]);
    }
    expect(block.kernel.value.isDisposed).toBe(false);
    expect(block.drop.count.value).toBe(0);
  });

  it("viewInfo lists the modes of each node by path, with documentation and present value", () => {
    const block = new Block();
    block.more[0]?.setMode({ deterministic: true });
    expect(viewInfo(block)).toBe(
      [
        "drop: Dropout",
        "  deterministic: false",
        "    Return the input unchanged.",
        "more.0: Dropout",
        "  deterministic: true",
        "    Return the input unchanged.",
        "norm: Norm",
        "  momentum: undefined",
        "  useRunningAverage: false",
      ].join("\n"),
    );
    expect(viewInfo(block, { only: Norm })).toBe(
      "norm: Norm\n  momentum: undefined\n  useRunningAverage: false",
    );
    expect(block.drop.deterministic).toBe(false);
  });

  it("viewInfo indents every line of a description, and lists plain attributes", () => {
    class Noisy extends Module {
      static readonly modes: Readonly<Record<string, string>> = {
        deterministic: "Add nothing.\n  Not even a little.",
      };
      deterministic = false;
    }
    expect(viewInfo(new Noisy())).toBe(
      "(root): Noisy\n  deterministic: false\n    Add nothing.\n    Not even a little.",
    );
    expect(viewInfo(new Block().stream)).toBe("");
  });
});

/** Its mode is no attribute. */
class Active extends Module {
  active = true;
  setMode({ deterministic, ...rest }: ModeValues): ModeValues {
    if (typeof deterministic === "boolean") this.active = !deterministic;
    return rest;
  }
}
/** Its mode is an attribute, without a setMode. */
class Plain extends Module {
  deterministic = false;
  useRunningAverage = false;
  rate = 0.5;
}
/** Does more than set the attribute. */
class Both extends Module {
  deterministic: boolean | null = false;
  factor = 2;
  setMode({ deterministic, ...rest }: ModeValues): ModeValues {
    if (typeof deterministic === "boolean") {
      this.deterministic = deterministic;
      this.factor = deterministic ? 1 : 2;
    }
    return rest;
  }
}
class Three extends Module {
  readonly active: Active = new Active();
  readonly plain: Plain = new Plain();
  readonly both: Both = new Both();
}
const modesOf = ({ active, plain, both }: Three) => [
  active.active,
  plain.deterministic,
  both.deterministic,
  both.factor,
];

describe("one mechanism behind all ways to set a mode", () => {
  const on = [false, true, true, 1];
  const off = [true, false, false, 2];

  it.each<[string, (model: Three) => unknown]>([
    ["eval", (model) => model.eval()],
    ["setAttributes", (model) => model.setAttributes({ deterministic: true })],
    ["setMode", (model) => setMode(model, { deterministic: true })],
    ["withAttributes", (model) => withAttributes(model, { deterministic: true })],
    ["view", (model) => view(model, { deterministic: true })],
  ])("%s reaches layers with a setMode, with plain attributes, and with both", (_, set) => {
    const model = new Three();
    const other = set(model);
    expect(modesOf(other instanceof Three ? other : model)).toEqual(on);
    if (other instanceof Three) expect(modesOf(model)).toEqual(off);
    model.train();
    expect(modesOf(model)).toEqual(off);
    expect(model.plain.useRunningAverage).toBe(false);
  });

  it("setAttributes sets what the attribute is to be, whatever setMode makes of it", () => {
    const model = new Three();
    model.setAttributes({ deterministic: null }, { only: Both });
    expect(model.both.deterministic).toBeNull();
    model.setAttributes({ rate: 0.1 });
    expect(model.plain.rate).toBe(0.1);
    // Flax's view takes modes only.
    expect(() => view(model, { rate: 0.2 })).toThrow(/got \{rate\}, which none does/);
    setMode(model, { useRunningAverage: true });
    expect(model.plain.useRunningAverage).toBe(true);
  });

  it("what every object inherits is no attribute", () => {
    const model = new Three();
    const prototype: unknown = Object.getPrototypeOf(model);
    const values = JSON.parse('{"__proto__": {"x": 1}}') as Record<string, unknown>;
    expect(() => model.setAttributes(values)).toThrow(NotFoundError);
    expect(() => withAttributes(model, values)).toThrow(NotFoundError);
    for (const name of ["constructor", "toString", "hasOwnProperty"])
      expect(() => model.setAttributes({ [name]: 1 })).toThrow(NotFoundError);
    expect(Object.getPrototypeOf(model)).toBe(prototype);
  });

  it("refuses what is no object of values, and unknown options", () => {
    const model = new Three();
    const untyped = model as unknown as Record<
      "train" | "eval" | "setAttributes",
      (...args: unknown[]) => void
    >;
    expect(() => untyped.train(false)).toThrow("train: expected values by name, got false. Pass an object");
    expect(() => untyped.eval(true)).toThrow("eval: expected values by name, got true");
    expect(() => setMode(model, null as unknown as ModeValues)).toThrow(
      "setMode: expected values by name, got null",
    );
    const options = { onyl: Both } as unknown as { only: typeof Both };
    const set = { deterministic: true };
    for (const [where, run] of [
      ["setMode", () => setMode(model, set, options)],
      ["view", () => view(model, set, options)],
      ["withAttributes", () => withAttributes(model, set, options)],
      ["setAttributes", () => setAttributes(model, set, options)],
      ["viewInfo", () => viewInfo(model, options)],
    ] as const)
      expect(run).toThrow(`${where}: expected options among {only`);
    expect(modesOf(model)).toEqual(off);
  });

  it("names the function that was called when nobody has a mode", () => {
    const model = new Three();
    expect(() => view(model, { zzz: 1 })).toThrow(/^view: expected modes/);
    expect(() => withAttributes(model, { zzz: 1 })).toThrow(/^withAttributes: expected attributes/);
  });
});
