import { useWasmKernels } from "@nnxjs/kernels/internal";
import { jit, valueAndGrad } from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { elu, gelu, leakyRelu, relu, relu6, sigmoid, silu, softplus, tanh } from "../index.ts";

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

onEachBackend("activations where WebAssembly is out of reach", () => {
  // Their slopes are ops then, some of which compute with copies of what they get.
  it.each(Object.entries({ elu, gelu, leakyRelu, relu, relu6, sigmoid, silu, softplus, tanh }))(
    "%s and its gradient are the same, to the bit, in a recorded function",
    (_, f) => {
      useWasmKernels(false);
      try {
        tf.tidy(() => {
          const both = valueAndGrad((x: tf.Tensor) => tf.mean(f(x)));
          const recorded = jit(both);
          const x = tf.tensor2d([
            [-2, -0.5, 0],
            [0.5, 2, 8],
          ]);
          for (let i = 0; i < 2; i++) {
            const [found, wanted] = [recorded(x), both(x)].map((pair) => pair.map((y) => [...y.dataSync()]));
            expect(found).toEqual(wanted);
          }
        });
      } finally {
        useWasmKernels(true);
      }
    },
  );
});
