import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { mendKernels } from "../mend-kernels.ts";
import { useWasmKernels } from "../wasm/module.ts";

const numbers = (x: tf.Tensor): number[] => [...x.dataSync()];

onEachBackend("mended kernels", () => {
  beforeAll(() => mendKernels());
  afterEach(() => useWasmKernels(true));

  describe.each([true, false])("with WebAssembly: %s", (on) => {
    const within = (run: () => void): void => {
      useWasmKernels(on);
      tf.tidy(run);
    };
    /** NaN as a processor computes it, which may have a sign. */
    const nan = (): tf.Tensor1D => {
      const infinite = tf.tensor1d([Number.POSITIVE_INFINITY]);
      return tf.sub(infinite, infinite);
    };

    it("relu, and fused and depthwise convolutions, keep NaN that was computed", () =>
      within(() => {
        expect(numbers(tf.relu(nan()))).toEqual([Number.NaN]);
        const x = tf.reshape(nan(), [1, 1, 1, 1]) as tf.Tensor4D;
        const filter = tf.ones([1, 1, 1, 1]) as tf.Tensor4D;
        expect(numbers(tf.depthwiseConv2d(x, filter, 1, "same"))).toEqual([Number.NaN]);
        for (const activation of ["linear", "relu", "relu6", "elu", "sigmoid"] as const) {
          for (const fused of [tf.fused.conv2d, tf.fused.depthwiseConv2d]) {
            const y = fused({ x, filter, strides: 1, pad: "same", activation });
            expect([activation, numbers(y)]).toEqual([activation, [Number.NaN]]);
          }
        }
      }));

    it("a fused product adds its bias to every row, and repeats batches", () =>
      within(() => {
        const a = tf.tensor3d([1, 2, 3, 4], [2, 1, 2]);
        const b = tf.tensor3d([1, 0, 0, 1], [1, 2, 2]);
        const bias = tf.tensor1d([10, 20]);
        expect(numbers(tf.fused.matMul({ a, b, bias }))).toEqual([11, 22, 13, 24]);
        const turned = tf.tensor2d([1, 3, 2, 4], [2, 2]);
        const identity = tf.eye(2);
        expect(numbers(tf.fused.matMul({ a: turned, b: identity, transposeA: true, bias }))).toEqual([
          11, 22, 13, 24,
        ]);
      }));

    it("where takes bools, and numbers of two dtypes", () =>
      within(() => {
        const condition = tf.tensor1d([true, false, true], "bool");
        const [yes, no] = [tf.tensor1d([1, 1, 0], "bool"), tf.tensor1d([0, 0, 1], "bool")];
        expect(numbers(tf.where(condition, yes, no))).toEqual([1, 0, 0]);
        expect(
          numbers(tf.where(condition, tf.tensor1d([1, 2, 3], "int32"), tf.tensor1d([0.5, 1.5, 2.5]))),
        ).toEqual([1, 1.5, 3]);
      }));

    it("prelu repeats its slopes along any axis", () =>
      within(() => {
        const x = tf.tensor2d([-1, -2, -3, 4], [2, 2]);
        expect(numbers(tf.prelu(x, tf.tensor2d([2, 3], [2, 1])))).toEqual([-2, -4, -9, 4]);
        expect(tf.prelu(tf.zeros([2, 0]), tf.zeros([0])).shape).toEqual([2, 0]);
      }));

    it("gather counts negative batch axes from the end, and refuses batches that do not fit", () =>
      within(() => {
        const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
        const ids = tf.tensor2d([1, 0], [2, 1], "int32");
        expect(numbers(tf.gather(x, ids, 1, -1))).toEqual([2, 3]);
        expect(() => tf.gather(x, tf.zeros([3, 1], "int32"), 1, 1)).toThrow("should be equal");
      }));

    it('"same" padding of three axes is not negative where the window is smaller than the stride', () =>
      within(() => {
        const x = tf.reshape(tf.range(0, 4), [4, 1, 1, 1]) as tf.Tensor4D;
        expect(numbers(tf.maxPool3d(x, [1, 1, 1], [3, 1, 1], "same"))).toEqual([0, 3]);
      }));
  });
});
