import { DropConnectLinear, Linear } from "@nnxjs/layers";
import { random, Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { dropConnectMoments } from "../index.ts";

const layerOf = (rate: number, scaling: "training" | "inference" = "training", useBias = true) =>
  new DropConnectLinear(new Linear(3, 2, { rngs: new Rngs(0), useBias }), rate, { scaling });

describe("dropConnectMoments", () => {
  it.each(["training", "inference"] as const)("equals the sum over all masks in %s scaling", (scaling) => {
    const rate = 0.3;
    const layer = layerOf(rate, scaling, false);
    const x = [0.5, -2, 1.5];
    const w = layer.kernel.value.dataSync();
    const { mean, variance } = dropConnectMoments(layer, tf.tensor1d(x));
    const scale = scaling === "training" ? 1 / (1 - rate) : 1;
    for (const j of [0, 1]) {
      let [first, second] = [0, 0];
      for (let mask = 0; mask < 8; mask++) {
        const kept = [0, 1, 2].filter((i) => mask & (1 << i));
        const chance = (1 - rate) ** kept.length * rate ** (3 - kept.length);
        const y = kept.reduce((sum, i) => sum + x[i]! * w[i * 2 + j]! * scale, 0);
        first += chance * y;
        second += chance * y * y;
      }
      expect(mean.dataSync()[j]).toBeCloseTo(first, 5);
      expect(variance.dataSync()[j]).toBeCloseTo(second - first ** 2, 5);
    }
  });

  it("has the deterministic output as its mean, for inputs of any rank, without drawing a key", () => {
    const x = random.normal(random.key(1), [2, 4, 3]);
    for (const scaling of ["training", "inference"] as const) {
      const layer = layerOf(0.4, scaling);
      const { mean, variance } = dropConnectMoments(layer, x);
      expect(variance.shape).toEqual([2, 4, 2]);
      const y = layer.forward(x, { deterministic: true }).dataSync();
      for (const [i, value] of mean.dataSync().entries()) expect(value).toBeCloseTo(y[i]!, 5);
    }
    expect(Math.max(...dropConnectMoments(layerOf(0), x).variance.dataSync())).toBe(0);
    expect(Math.max(...dropConnectMoments(layerOf(1, "inference"), x).variance.dataSync())).toBe(0);
  });

  it("refuses an input of another width, and a scale that has no value", () => {
    expect(() => dropConnectMoments(layerOf(0.5), tf.ones([2, 4]))).toThrow(
      /shape \[\.\.\., 3\], got a float32\[2,4\]/,
    );
    expect(() => dropConnectMoments(layerOf(1), tf.ones([2, 3]))).toThrow(/a rate below 1, got 1/);
  });

  it("refuses other layers and inputs that are no tensors", () => {
    const [layer, x] = [layerOf(0.5), tf.ones([2, 3])];
    expect(() => dropConnectMoments(x as unknown as typeof layer, x)).toThrow(
      /expected a DropConnectLinear layer, got a float32\[2,3\]/,
    );
    expect(() => dropConnectMoments(layer, [1] as unknown as tf.Tensor)).toThrow(/expected x to be a tensor/);
    x.dispose();
    expect(() => dropConnectMoments(layer, x)).toThrow(/expected x to be a live tensor/);
  });
});
