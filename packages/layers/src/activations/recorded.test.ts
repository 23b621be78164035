import { jit, valueAndGrad } from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { gelu, silu } from "../index.ts";

onEachBackend("activations that save their slopes", () => {
  it.each([
    ["silu", silu],
    ["gelu", gelu],
    ["gelu by erf", (x: tf.Tensor) => gelu(x, { approximate: false })],
  ] as const)("%s and its gradient are the same, to the bit, in a recorded function", (_, f) => {
    const both = valueAndGrad((x: tf.Tensor) => tf.mean(tf.square(f(x))));
    const recorded = jit(both);
    for (let i = 0; i < 3; i++) {
      tf.tidy(() => {
        const x = tf.randomNormal([5, 9], 0, 4, "float32", i + 1);
        const [found, wanted] = [recorded(x), both(x)].map((pair) => pair.map((y) => [...y.dataSync()]));
        expect(found).toEqual(wanted);
      });
    }
  });
});
