import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { mendKernels } from "../mend-kernels.ts";
import { callKernel } from "./call-kernel.ts";

onEachBackend("callKernel", () => {
  it("gives what the engine gives, and frees nothing but what the scope frees", () => {
    mendKernels();
    const { numTensors } = tf.memory();
    const x = tf.tensor2d([
      [1, -2],
      [3, 4],
    ]);
    tf.tidy(() => {
      const relu = callKernel("Relu", { x }, {}) as tf.Tensor;
      expect([...relu.dataSync()]).toEqual([1, 0, 3, 4]);
      const joined = callKernel("Concat", [x, x], { axis: 0 }) as tf.Tensor;
      expect(joined.shape).toEqual([4, 2]);
      const parts = callKernel("Unpack", { value: x }, { axis: 1 }) as tf.Tensor[];
      expect(parts.map((part) => [...part.dataSync()])).toEqual([
        [1, 3],
        [-2, 4],
      ]);
      // The same data: it lives until both are freed.
      const same = callKernel("Reshape", { x: relu }, { shape: [4] }) as tf.Tensor;
      relu.dispose();
      expect([...same.dataSync()]).toEqual([1, 0, 3, 4]);
    });
    x.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it("is seen by tapes and by tf.profile", async () => {
    if (!tf.getGradient("Square")) {
      const gradFunc = (dy: tf.Tensor | tf.Tensor[], [x]: tf.Tensor[]) => ({
        x: () => tf.mul(dy as tf.Tensor, tf.mul(x!, 2)),
      });
      tf.registerGradient({ kernelName: "Square", inputsToSave: ["x"], gradFunc });
    }
    const x = tf.tensor1d([1, -2]);
    const slope = tf.grad((y) => callKernel("Square", { x: y }, {}) as tf.Tensor)(x);
    expect([...slope.dataSync()]).toEqual([2, -4]);
    const { kernelNames } = await tf.profile(() => callKernel("Relu", { x }, {}) as tf.Tensor);
    expect(kernelNames).toEqual(["Relu"]);
    tf.dispose([x, slope]);
  });

  it("leaves it to the engine to refuse what there is not", () => {
    expect(() => callKernel("NoSuchKernel", {}, {})).toThrow(/NoSuchKernel' not registered/);
  });
});
