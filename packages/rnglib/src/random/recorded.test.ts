/** @file Samplers in recorded functions, with parameters that are computed there. */
import { dispose, jit, vmap } from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import type { PRNGKey } from "../keys/index.ts";
import { key, split } from "../keys/index.ts";
import { categorical, type CategoricalOptions } from "./categorical.ts";

const kinds: readonly (readonly [CategoricalOptions, readonly number[]])[] = [
  [{}, [3, 5]],
  [{ axis: 0 }, [4, 3]],
  [{ shape: [7, 3] }, [3, 5]],
  [{ replace: false, shape: [2, 3] }, [3, 5]],
  [{ mode: "high" }, [6]],
];

onEachBackend("categorical in a recorded function", () => {
  it.each(kinds)("draws from computed logits what it draws unrecorded: %j", (options, shape) => {
    const f = (k: PRNGKey, x: tf.Tensor): tf.Tensor => categorical(k, tf.mul(x, 2) as tf.Tensor, options);
    const recorded = jit(f);
    const size = shape.reduce((a, b) => a * b, 1);
    for (let call = 0; call < 4; call++) {
      const values = Float32Array.from({ length: size }, (_, i) => Math.sin(call * 7 + i) * 2);
      if (call === 2) values[1] = Number.NaN;
      if (call === 3) values.fill(Number.NEGATIVE_INFINITY).fill(1e-42, 0, 2);
      const x = tf.tensor(values, [...shape]);
      const [expected, found] = [f(key(call), x), recorded(key(call), x)];
      expect([found.dtype, found.shape, [...found.dataSync()]]).toEqual([
        "int32",
        expected.shape,
        [...expected.dataSync()],
      ]);
      dispose([expected, found, x]);
    }
    expect(recorded.programs).toHaveLength(1);
    recorded.dispose();
  });

  it("draws for arrays of keys", () => {
    const f = (k: PRNGKey, x: tf.Tensor): tf.Tensor => categorical(k, tf.neg(x) as tf.Tensor);
    const recorded = jit(f);
    const x = tf.tensor2d([
      [1, 2, 0],
      [0, 0.5, 1],
    ]);
    for (let call = 0; call < 3; call++) {
      const keys = split(key(call), 4);
      expect([...recorded(keys, x).dataSync()]).toEqual([...f(keys, x).dataSync()]);
    }
    recorded.dispose();
    x.dispose();
  });
});

describe("a fingerprint", () => {
  it("is not read in a recorded function", () => {
    const f = jit((k: PRNGKey) => tf.scalar(k.fingerprint % 7));
    expect(() => f(key(1))).toThrow(/^jit: expected a function that draws with its keys/);
    const derived = jit((k: PRNGKey) => tf.scalar(split(k).at(0).fingerprint % 7));
    expect(() => derived(key(1))).toThrow(/^jit: expected a function that draws with its keys/);
  });

  it("is each slice's own in vmap", () => {
    const keys = split(key(3), 3);
    const found = vmap((k: PRNGKey) => tf.scalar(k.fingerprint % 1000))(keys);
    expect([...found.dataSync()]).toEqual([...keys].map((k) => k.fingerprint % 1000));
    found.dispose();
  });
});
