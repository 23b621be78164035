import { fusedMatMul } from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import { beforeEach, expect, it } from "vitest";
import { onEachBackend } from "../../../scripts/use-backend.ts";
import { secondVjp, vjp } from "../cases/golden.ts";
import { installGradients } from "./install.ts";

function numbers(shape: number[], from: number): tf.Tensor {
  const size = tf.util.sizeFromShape(shape);
  return size === 0 ? tf.zeros(shape) : tf.reshape(tf.linspace(from, 1, size), shape);
}

onEachBackend("the product of a dense layer on a tape", () => {
  beforeEach(() => installGradients());

  for (const leading of [[], [1], [3], [2, 3], [0], [2, 1, 5]]) {
    it(`has the gradients of both orders that the separate ops have: [${[...leading, 4].join(", ")}]`, () => {
      const before = tf.memory().numTensors;
      tf.tidy(() => {
        const x = numbers([...leading, 4], -1);
        const kernel = numbers([4, 5], -0.5);
        // Its data were made with another shape, which wasm's stock kernel refuses.
        const bias = tf.reshape(numbers([1, 5], 0.25), [5]);
        for (const xs of [
          [x, kernel],
          [x, kernel, bias],
        ]) {
          const own = (...[a, b, c]: tf.Tensor[]): tf.Tensor => tf.square(fusedMatMul(a!, b!, c ?? null));
          const apart = (...[a, b, c]: tf.Tensor[]): tf.Tensor => {
            const product = tf.matMul(tf.reshape(a!, [tf.util.sizeFromShape(leading), 4]), b!);
            const y = tf.reshape(product, [...leading, 5]);
            return tf.square(c ? tf.add(y, c) : y);
          };
          const dy = numbers([...leading, 5], 0.5);
          const directions = xs.map(({ shape }) => numbers(shape, 2));
          const flat = (tensors: tf.Tensor[]): number[] => tensors.flatMap((each) => [...each.dataSync()]);
          const expectClose = (ours: number[], theirs: number[]): void => {
            expect(ours.length).toBe(theirs.length);
            for (const [i, value] of ours.entries()) expect(value).toBeCloseTo(theirs[i]!, 3);
          };
          expectClose(flat(vjp(own, xs, dy)), flat(vjp(apart, xs, dy)));
          expectClose(flat(secondVjp(own, xs, dy, directions)), flat(secondVjp(apart, xs, dy, directions)));
        }
      });
      expect(tf.memory().numTensors).toBe(before);
    });
  }

  for (const leading of [[], [3], [2, 3], [0]]) {
    it(`is the product of matrices over several axes: [${[...leading, 2, 4].join(", ")}]`, () => {
      tf.tidy(() => {
        const size = tf.util.sizeFromShape(leading);
        const xs = [numbers([...leading, 2, 4], -1), numbers([2, 4, 5, 3], -0.5), numbers([5, 3], 0.25)];
        const whole = (...[a, b, c]: tf.Tensor[]): tf.Tensor => tf.square(fusedMatMul(a!, b!, c!, 2));
        const flat = (...[a, b, c]: tf.Tensor[]): tf.Tensor => {
          const [x, kernel] = [tf.reshape(a!, [size, 8]), tf.reshape(b!, [8, 15])];
          return tf.square(tf.reshape(fusedMatMul(x, kernel, tf.reshape(c!, [15])), [...leading, 5, 3]));
        };
        const dy = numbers([...leading, 5, 3], 0.5);
        const directions = xs.map(({ shape }) => numbers(shape, 2));
        const values = (tensors: tf.Tensor[]): unknown[] =>
          tensors.map((each) => [each.shape, [...each.dataSync()]]);
        expect(values([whole(...xs)])).toEqual(values([flat(...xs)]));
        expect(values(vjp(whole, xs, dy))).toEqual(values(vjp(flat, xs, dy)));
        expect(values(secondVjp(whole, xs, dy, directions))).toEqual(
          values(secondVjp(flat, xs, dy, directions)),
        );
      });
    });
  }

  it("is one kernel, over several axes, too", async () => {
    const [a, b, c] = [tf.ones([2, 3, 4]), tf.ones([3, 4, 5, 2]), tf.ones([5, 2])];
    const run = () => tf.tidy(() => tf.grad((x) => fusedMatMul(x, b, c, 2))(a));
    const { kernelNames } = await tf.profile(() => void run());
    expect(kernelNames.filter((name) => name === "NnxDense")).toHaveLength(1);
    expect(kernelNames).not.toContain("Reshape");
    tf.dispose([a, b, c]);
  });

  it("is one kernel", async () => {
    const [x, kernel, bias] = [tf.ones([2, 3, 4]), tf.ones([4, 5]), tf.ones([5])];
    const { kernelNames } = await tf.profile(() => {
      tf.tidy(() => tf.grad((a) => fusedMatMul(a, kernel, bias))(x));
    });
    expect(kernelNames.filter((name) => name === "NnxDense")).toHaveLength(1);
    expect(kernelNames).not.toContain("Add");
    tf.dispose([x, kernel, bias]);
  });
});
