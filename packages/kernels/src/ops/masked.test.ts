import * as tf from "@tensorflow/tfjs-core";
import { afterEach, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { useWasmKernels } from "../wasm/module.ts";
import { masked } from "./masked.ts";

const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 1e-42, 3e38, -7];

onEachBackend("a mask", () => {
  afterEach(() => useWasmKernels(true));

  it.each([0, 1, 2, 3, 4, 5, 31, 8192, 9001])("keeps, scales and zeroes %i elements", (n) => {
    const x = tf.tensor1d(
      Array.from({ length: n }, (_, i) => (i % 5 === 2 ? odd[i % 8]! : Math.sin(i + 1))),
      "float32",
    );
    const kept = Array.from({ length: n }, (_, i) => (i * 7) % 3 === 0);
    const mask = tf.tensor1d(kept, "bool");
    const values = [...x.dataSync()];
    for (const on of [true, false]) {
      useWasmKernels(on);
      const before = [tf.memory().numTensors, tf.backend().numDataIds()];
      const y = masked(x, mask, 1 / 0.7);
      const scale = Math.fround(1 / 0.7);
      const found = [...y.dataSync()].map((value, i) => (Object.is(value, -0) && !kept[i] ? "-0" : value));
      expect(found).toEqual(values.map((value, i) => (kept[i] ? Math.fround(value * scale) : 0)));
      y.dispose();
      expect([tf.memory().numTensors, tf.backend().numDataIds()]).toEqual(before);
    }
    tf.dispose([x, mask]);
  });

  it("takes masks that broadcast, and integers", () => {
    const mask = tf.tensor2d([[1], [0]], [2, 1], "bool");
    expect([...masked(tf.ones([2, 3]), mask, 2).dataSync()]).toEqual([2, 2, 2, 0, 0, 0]);
    const integers = tf.tensor2d([1, 2, 3, 4], [2, 2], "int32");
    expect([...masked(integers, mask, 2).dataSync()]).toEqual([2, 4, 0, 0]);
  });
});
