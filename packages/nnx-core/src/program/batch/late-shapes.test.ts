/** @file What is said of a kernel's result is so, on the backend where results are late. */
import * as tf from "@tensorflow/tfjs-core";
import { mendKernels } from "@nnxjs/kernels";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../../../../scripts/use-backend.ts";
import { lateKernels, lateShape } from "./late-shapes.ts";

const attrs: Record<string, object> = {
  ClipByValue: { clipValueMin: -1, clipValueMax: 1 },
  LeakyRelu: { alpha: 0.1 },
  Step: { alpha: 0 },
};

const made = (name: string, inputs: object): tf.Tensor => {
  const result: unknown = tf.engine().runKernel(name, inputs as never, (attrs[name] ?? {}) as never);
  expect(result).toBeInstanceOf(tf.Tensor);
  return result as tf.Tensor;
};

describe("lateShape", () => {
  beforeAll(async () => {
    await useBackend("wasm");
    mendKernels();
  });
  afterAll(() => useBackend("cpu"));

  it.each(lateKernels.alike)("%s of a tensor", (name) => {
    tf.tidy(() => {
      for (const x of [tf.ones([2, 3]), tf.scalar(0.5)]) {
        const { shape, dtype } = made(name, { x });
        expect([shape, dtype]).toEqual([lateShape(name, [x]), "float32"]);
      }
    });
  });

  it.each(lateKernels.pairs)("%s of two tensors", (name) => {
    tf.tidy(() => {
      const all = [
        tf.ones([2, 3]),
        tf.ones([3]),
        tf.scalar(2),
        tf.ones([3]),
        tf.ones([2, 3]),
        tf.ones([2, 1]),
      ];
      for (const a of all) {
        for (const b of all) {
          const { shape, dtype } = made(name, { a, b });
          const late = lateShape(name, [a, b]);
          expect([late ?? shape, dtype]).toEqual([shape, "float32"]);
        }
      }
      expect(lateShape(name, [all[0]!, all[1]!])).toEqual([2, 3]);
    });
  });

  it("is for these alone", () => {
    tf.tidy(() => {
      const [x, wide] = [tf.ones([2, 3]), tf.ones([4])];
      expect([lateShape("Softmax", [x]), lateShape("Pow", [x, x]), lateShape("Add", [x, wide])]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
    });
  });
});
