import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { mendKernels } from "../mend-kernels.ts";
import { denseInfo, denseOfMany } from "./dense.ts";

const numbers = (shape: number[], seed: number): tf.Tensor =>
  tf.tensor(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * 1.7 + seed)),
    shape,
  );

onEachBackend("dense layers of many members", () => {
  const cases = [1, 2, 5, 20].flatMap((rows) =>
    [1, 3, 16, 37].flatMap((columns) =>
      [1, 4, 33].flatMap((inner) =>
        (["none", "all", "each"] as const).map((bias) => ({ rows, columns, inner, bias })),
      ),
    ),
  );

  it("are those of each member, also where all share an input or a bias", () => {
    mendKernels();
    const { numTensors } = tf.memory();
    for (const { rows, columns, inner, bias } of cases) {
      for (const size of [1, 3]) {
        tf.tidy(() => {
          const { backend } = tf.engine();
          const made = (info: tf.TensorInfo): tf.Tensor => tf.engine().makeTensorFromTensorInfo(info);
          const x = numbers([columns % 2 === 0 ? 1 : size, rows, inner], 1);
          const kernel = numbers([size, inner, columns], 2);
          const b = bias === "none" ? undefined : numbers(bias === "all" ? [columns] : [size, columns], 3);
          const all = made(denseOfMany(backend, x, kernel, b)!);
          expect(all.shape).toEqual([size, rows, columns]);
          const kernels = tf.unstack(kernel);
          const inputs = x.shape[0] === 1 ? kernels.map(() => tf.unstack(x)[0]!) : tf.unstack(x);
          const each = inputs.map((one, i) =>
            made(denseInfo(backend, one, kernels[i]!, b && (b.rank === 1 ? b : tf.unstack(b)[i]!))),
          );
          const [found, wanted] = [all.dataSync(), tf.stack(each).dataSync()];
          expect(found.every((value, i) => Math.abs(value - wanted[i]!) < 1e-5)).toBe(true);
        });
      }
    }
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it("are left to others where nothing is multiplied, and for other dtypes", () => {
    const { backend } = tf.engine();
    expect(denseOfMany(backend, tf.zeros([2, 1, 0]), tf.zeros([2, 0, 3]))).toBeUndefined();
    expect(denseOfMany(backend, tf.zeros([2, 1, 3]), tf.zeros([2, 3, 1], "int32"))).toBeUndefined();
  });
});
