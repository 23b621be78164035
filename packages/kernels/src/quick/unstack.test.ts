import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { mendKernels, restoreKernels } from "../mend-kernels.ts";

onEachBackend("unstack", () => {
  it.each([
    [[3], 0],
    [[2, 3, 4], 0],
    [[2, 3, 4], 1],
    [[2, 3, 4], -1],
    [[1, 1], 1],
    [[2, 0], 0],
  ])("gives the slices of the stock kernel: %j along %d", (shape, axis) => {
    for (const dtype of ["float32", "int32", "bool"] as const) {
      const slices = () => {
        const size = shape.reduce((a, b) => a * b, 1);
        const values = Array.from({ length: size }, (_, i) => (dtype === "bool" ? i % 2 : i));
        const x = tf.tensor(values, shape, dtype);
        return tf.unstack(x, axis).map((each) => [each.dtype, each.shape, [...each.dataSync()]]);
      };
      mendKernels();
      const ours = tf.tidy(() => ({ of: slices() })).of;
      restoreKernels();
      expect(ours).toEqual(tf.tidy(() => ({ of: slices() })).of);
    }
    mendKernels();
  });
});
