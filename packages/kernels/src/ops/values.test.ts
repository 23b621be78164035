import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { onBackendElsewhere } from "../../../../scripts/backend-elsewhere.ts";
import { keepValues, scalarOf, valuesOf } from "./values.ts";

onBackendElsewhere("a read", () => {
  let values: object | undefined;
  beforeEach(() => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    values = undefined;
    tf.env().set("PROD", false);
    // What says of webgl where its values are.
    Object.assign(tf.backend(), { texData: { get: () => ({ values }) } });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    tf.enableProdMode();
  });

  it("is told once for each function that makes everything wait, with what to do", () => {
    const x = tf.tensor1d([1, 2]);
    expect([...valuesOf(x, "first", "Use firstAsync.")]).toEqual([1, 2]);
    valuesOf(x, "first", "Use firstAsync.");
    expect(scalarOf(x, "second")).toBe(1);
    const told = vi
      .mocked(console.warn)
      .mock.calls.map(([text]) => text as string)
      // tensorflow.js greets whoever uses it in Node.
      .filter((text) => !text.includes("TensorFlow.js in Node.js"));
    expect(told).toEqual([
      "first: expected values that need no waiting, got a tensor on the GPU, for which everything stops. Use firstAsync.",
      expect.stringMatching(/^second: .* Call await nnx\.readAhead\(x\) with the tensor before\.$/),
    ]);
  });

  it("is not told where the backend has the values at hand, nor in production", () => {
    const x = tf.tensor1d([1, 2]);
    values = new Float32Array(2);
    valuesOf(x, "third");
    values = undefined;
    tf.enableProdMode();
    valuesOf(x, "fourth");
    expect(console.warn).not.toHaveBeenCalled();
  });

  it("does not reach the backend for values that were read ahead", async () => {
    const x = tf.tensor1d([1, 2]);
    await keepValues(x);
    const read = vi.spyOn(tf.engine(), "readSync");
    expect([...valuesOf(x, "fifth")]).toEqual([1, 2]);
    expect(read).not.toHaveBeenCalled();
    expect(console.warn).not.toHaveBeenCalled();
  });
});
