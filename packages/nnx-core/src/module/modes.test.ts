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

  it("viewInfo lists the modes of each class, with its documentation and the present value", () => {
    const block = new Block();
    expect(viewInfo(block)).toBe(
      [
        "Dropout:",
        "  deterministic: false",
        "    Return the input unchanged.",
        "Norm:",
        "  momentum: undefined",
        "  useRunningAverage: false",
      ].join("\n"),
    );
    expect(viewInfo(block, { only: Norm })).toBe("Norm:\n  momentum: undefined\n  useRunningAverage: false");
    expect(block.drop.deterministic).toBe(false);
  });
});
