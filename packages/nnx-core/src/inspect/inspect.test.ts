import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { capture, findNonFinite, Intermediate, Module, Param, summarize, unflattenState } from "../index.ts";

class Unit extends Module {
  readonly w: Param<tf.Tensor>;
  readonly f: (x: tf.Tensor) => tf.Tensor;
  constructor(w: number, f: (x: tf.Tensor) => tf.Tensor) {
    super();
    this.w = new Param<tf.Tensor>(tf.scalar(w));
    this.f = f;
  }
  forward(x: tf.Tensor): tf.Tensor {
    const y = this.f(tf.mul(x, this.w.value));
    this.sow(Intermediate, "y", y);
    return y;
  }
}
class Net extends Module {
  readonly first: Unit;
  readonly blocks: Unit[];
  constructor(f: (x: tf.Tensor) => tf.Tensor, w = 1) {
    super();
    this.first = new Unit(w, (x) => tf.mul(x, 1));
    this.blocks = [new Unit(1, f)];
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.blocks[0]!.forward(this.first.forward(x));
  }
}
const loss = (m: Net, x: tf.Tensor) => tf.sum(m.forward(x)) as tf.Tensor;

describe("summarize", () => {
  const of = (value: unknown) =>
    summarize(unflattenState([[["a", "y"], { type: Intermediate, value, metadata: {} }]]), { bins: 4 });

  it("counts what is finite and what is not", () => {
    const [row] = of(
      tf.tensor1d([0, 0, 1, 3, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 4]),
    ).rows;
    expect(row).toMatchObject({
      path: ["a", "y"],
      part: "",
      shape: [8],
      size: 8,
      min: 0,
      max: 4,
      nan: 1,
      inf: 2,
      zeros: 0.25,
    });
    expect(row?.mean).toBeCloseTo(8 / 5, 12);
    expect(row?.std).toBeCloseTo(Math.sqrt((2 * 1.6 ** 2 + 0.6 ** 2 + 1.4 ** 2 + 2.4 ** 2) / 5), 12);
    expect(row?.histogram).toEqual([2, 1, 0, 2]);
  });

  it("has a row for each call and each part, and none for values that are no tensors", () => {
    const parts = of([
      { value: tf.scalar(1), gradient: tf.scalar(2) },
      { value: tf.scalar(3), gradient: tf.scalar(4) },
      "text",
    ]).rows;
    expect(parts.map(({ part, mean }) => [part, mean])).toEqual([
      ["0.value", 1],
      ["0.gradient", 2],
      ["1.value", 3],
      ["1.gradient", 4],
    ]);
  });

  it("says nothing of what is empty or all NaN", () => {
    expect(of(tf.tensor1d([])).rows[0]).toMatchObject({ size: 0, mean: Number.NaN, zeros: 0 });
    expect(of(tf.tensor1d([Number.NaN])).rows[0]).toMatchObject({ nan: 1, min: Number.NaN });
  });

  it("prints as a table", () => {
    const [, seen] = capture(new Net((x) => tf.relu(x)), Intermediate)(tf.tensor1d([-1, 1, 2, 3]));
    const lines = String(summarize(seen)).split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^path +shape +mean +std +min +max +zeros +NaN +Inf +histogram$/);
    expect(lines[1]).toMatch(/^blocks\.0\.y +\[4\] +1\.50 +1\.12 +0 +3\.00 +25 % +0 +0 +[▁-█ ]+$/);
  });
});

describe("findNonFinite", () => {
  it("finds nothing where there is nothing", () => {
    const before = tf.memory().numTensors;
    const x = tf.ones([2]);
    const net = new Net((y) => tf.exp(y));
    expect(findNonFinite(net, loss)(x)).toBeUndefined();
    net.dispose();
    x.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("names the forward op and the module in which it ran", () => {
    const found = findNonFinite(new Net((y) => tf.square(tf.log(tf.sub(y, 1)))), loss)(tf.tensor1d([1, 3]));
    expect(found).toMatchObject({
      phase: "forward",
      op: "Log",
      path: ["blocks", 0],
      nan: 0,
      inf: 1,
      inputs: ["x: float32[2]"],
    });
    expect(String(found)).toBe("1 Inf first in Log at blocks.0, from x: float32[2]");
  });

  it("names the op whose gradient it is", () => {
    const found = findNonFinite(new Net((y) => tf.sqrt(y)), loss)(tf.tensor1d([0, 4]));
    expect(found).toMatchObject({ phase: "backward", op: "Sqrt", path: ["blocks", 0], inf: 1 });
    expect(String(found)).toMatch(/^1 Inf first in the gradient of Sqrt at blocks\.0, from x: float32\[2\]$/);
  });

  it("says when an input was broken already", () => {
    const found = findNonFinite(new Net((y) => y, Number.NaN), loss)(tf.ones([2]));
    expect(found).toMatchObject({ phase: "forward", op: "Multiply", path: ["first"], nan: 2 });
    expect(found?.inputs.join()).toContain("with 1 NaN");
  });

  it("stops watching also when the loss throws", () => {
    const net = new Net((y) => y);
    const failing = (m: Net, x: tf.Tensor): tf.Tensor => {
      m.forward(x);
      throw new Error("in the middle");
    };
    const before = tf.memory().numTensors;
    const x = tf.ones([2]);
    expect(() => findNonFinite(net, failing)(x)).toThrow("in the middle");
    expect(Object.hasOwn(tf.engine(), "addTapeNode")).toBe(false);
    x.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
