import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  capture,
  captureGradients,
  customVjp,
  dispose,
  findNonFinite,
  Intermediate,
  remat,
  summarize,
  summarizeAsync,
  unflattenState,
} from "../index.ts";
import { loss, Net, Unit } from "../../test/sowing-net.ts";

describe("summarize", () => {
  const of = (value: unknown) =>
    summarize(unflattenState([[["a", "y"], { type: Intermediate, value, metadata: {} }]]), { bins: 4 });

  it("names itself and the place of what is no State, or was disposed", () => {
    expect(() => summarize({ a: { b: "x" } } as never)).toThrow(
      "summarize at a.b: expected a leaf or a subtree",
    );
    const gone = tf.ones([2]);
    gone.dispose();
    expect(() => summarize({ a: gone })).toThrow(
      "summarize at a: expected a live tensor, got a disposed float32[2].",
    );
  });

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

  it("takes all that captureGradients returned, Maps, and no strings", () => {
    const whole = captureGradients(loss)(new Net((y) => tf.square(y)), tf.tensor1d([1, 3]));
    expect(summarize(whole).rows.map(({ path, part, mean }) => [path.join("."), part, mean])).toEqual([
      ["first.y", "sown.value", 2],
      ["first.y", "sown.gradient", 4],
      ["blocks.0.y", "sown.value", 5],
      ["blocks.0.y", "sown.gradient", 1],
      ["first.w", "gradients", 20],
      ["blocks.0.w", "gradients", 20],
    ]);
    expect(String(summarize(whole)).split("\n")).toHaveLength(7);
    dispose(whole);
    const units = { parts: [new Unit(2, (y) => y)], none: null };
    const ofContainer = captureGradients((m: typeof units, x: tf.Tensor) => tf.sum(m.parts[0]!.forward(x)))(
      units,
      tf.tensor1d([1, 3]),
    );
    expect(summarize(ofContainer).rows.map(({ path, part, mean }) => [path, part, mean])).toEqual([
      [["parts", 0, "y"], "sown.value", 4],
      [["parts", 0, "y"], "sown.gradient", 1],
      [["parts", 0, "w"], "gradients", 4],
    ]);
    const mixed = of([tf.tensor1d(["a", "b"]), new Map([["m", tf.scalar(7)]])]).rows;
    expect(mixed.map(({ part, mean }) => [part, mean])).toEqual([["1.m", 7]]);
  });

  it("has histograms of at least one bin", () => {
    const state = unflattenState([[["y"], { type: Intermediate, value: tf.ones([3]), metadata: {} }]]);
    expect(summarize(state, { bins: 1 }).rows[0]?.histogram).toEqual([3]);
    for (const bins of [0, 1.5, Number.NaN]) {
      expect(() => summarize(state, { bins })).toThrow(
        /summarize: expected bins to be a whole number from 1, got/,
      );
    }
  });

  it("reads without blocking too", async () => {
    const [, seen] = capture(new Net((x) => tf.relu(x)), Intermediate)(tf.tensor1d([-1, 1, 2, 3]));
    const summary = await summarizeAsync(seen, { bins: 2 });
    expect(summary.rows).toEqual(summarize(seen, { bins: 2 }).rows);
    expect(String(summary)).toBe(String(summarize(seen, { bins: 2 })));
    await expect(summarizeAsync(seen, { bins: 0 })).rejects.toThrow(/whole number from 1/);
  });

  it("prints as a table", () => {
    const [, seen] = capture(new Net((x) => tf.relu(x)), Intermediate)(tf.tensor1d([-1, 1, 2, 3]));
    const lines = String(summarize(seen)).split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^path +shape +mean +std +min +max +zeros +NaN +Inf +histogram$/);
    expect(lines[2]).toMatch(/^blocks\.0\.y +\[4\] +1\.50 +1\.12 +0 +3\.00 +25 % +0 +0 +[▁-█ ]+$/);
  });
});

/** The model's forward pass under a rule of its own. */
function forwardByRule(): (m: Net, x: tf.Tensor) => tf.Tensor {
  const f = customVjp((m: Net, x: tf.Tensor) => m.forward(x));
  f.defvjp(
    (m, x) => [m.forward(x), null] as const,
    (_, g) => [{}, g],
  );
  return f;
}

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

  it.each([
    ["remat", remat((m: Net, x: tf.Tensor) => m.forward(x))],
    ["customVjp", forwardByRule()],
  ])("looks into %s", (_name, through) => {
    const broken = new Net((y) => tf.log(tf.sub(y, 1)));
    const found = findNonFinite(broken, (m: Net, x: tf.Tensor) => tf.sum(through(m, x)))(tf.tensor1d([1, 3]));
    expect(found).toMatchObject({ phase: "forward", op: "Log", path: ["blocks", 0], inf: 1 });
  });

  it("finds the NaN that made the loss throw", () => {
    const net = new Net((y) => tf.log(tf.neg(y)));
    const x = tf.ones([2]);
    const before = tf.memory().numTensors;
    const checks = (m: Net, input: tf.Tensor): tf.Tensor => {
      const y = m.forward(input);
      if (Number.isNaN(y.dataSync()[0])) throw new Error("a NaN in the loss");
      return tf.sum(y);
    };
    expect(findNonFinite(net, checks)(x)).toMatchObject({ op: "Log", nan: 2 });
    expect(tf.memory().numTensors).toBe(before);
  });

  it("takes losses with aux, and says what it takes", () => {
    const net = new Net((y) => tf.log(tf.neg(y)));
    const withAux = (m: Net, x: tf.Tensor) => [loss(m, x), "aux"] as const;
    expect(findNonFinite(net, withAux, { hasAux: true })(tf.ones([2]))?.op).toBe("Log");
    const fine = new Net((y) => y);
    expect(findNonFinite(fine, withAux, { hasAux: true })(tf.ones([2]))).toBeUndefined();
    // @ts-expect-error a pair needs hasAux
    expect(() => findNonFinite(fine, withAux)(tf.ones([2]))).toThrow(/float32 scalar, got an array/);
  });

  it("stops watching also when the loss throws", () => {
    const net = new Net((y) => y);
    const failing = (m: Net, x: tf.Tensor): tf.Tensor => {
      m.forward(x);
      throw new Error("in the middle");
    };
    findNonFinite(net, (m: Net, x: tf.Tensor) => tf.sum(m.forward(x)))(tf.ones([2])); // registers rules
    const methodOf = (): unknown => (tf.engine() as unknown as Record<string, unknown>).addTapeNode;
    const method = methodOf();
    const before = tf.memory().numTensors;
    const x = tf.ones([2]);
    expect(() => findNonFinite(net, failing)(x)).toThrow("in the middle");
    expect(methodOf()).toBe(method);
    x.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
