import { grad } from "@nnxjs/nnx-core";
import { random, Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { relativeError } from "../../../../scripts/golden.ts";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { Conv, DropConnectConv, MissingRngError } from "../index.ts";

const base = () => new Conv(2, 3, [3, 3], { strides: 2, rngs: new Rngs(1) });
const input = () => random.normal(random.key(1), [2, 5, 4, 2]);
const values = (x: tf.Tensor): number[] => [...x.dataSync()];

onEachBackend("DropConnectConv", () => {
  it("convolves with the kernel that bernoulli of the call's key leaves, scaled", () => {
    const conv = base();
    const layer = new DropConnectConv(conv, 0.25);
    const key = random.key(11);
    const masked = (scale: number) => {
      const mask = random.bernoulli(key, 0.75, conv.kernel.value.shape);
      const dropped = base();
      dropped.kernel.value = tf.where(
        mask,
        tf.mul(conv.kernel.value, scale),
        tf.zerosLike(conv.kernel.value),
      );
      return values(dropped.forward(input()));
    };
    expect(relativeError(values(layer.forward(input(), { rngs: key })), masked(1 / 0.75))).toBeLessThan(1e-6);
    const inference = new DropConnectConv(conv, 0.25, { scaling: "inference" });
    expect(relativeError(values(inference.forward(input(), { rngs: key })), masked(1))).toBeLessThan(1e-6);
  });

  it("has no gradient at dropped weights", () => {
    const layer = new DropConnectConv(base(), 0.5);
    const key = random.key(3);
    const ones = grad((kernel: tf.Tensor) => {
      layer.kernel.value = kernel;
      return tf.sum(layer.forward(input(), { rngs: key }));
    })(tf.ones([3, 3, 2, 3]));
    const mask = values(random.bernoulli(key, 0.5, [3, 3, 2, 3]));
    const slope = values(ones);
    mask.forEach((kept, i) => {
      expect(slope[i] !== 0).toBe(kept === 1);
    });
  });
});

describe("DropConnectConv", () => {
  it("is exactly the base layer when deterministic, and draws no key", () => {
    const conv = base();
    const layer = new DropConnectConv(conv, 0.5, { rngs: new Rngs({ dropconnect: 0 }) });
    expect([layer.kernel, layer.bias, layer.rngs?.tag]).toEqual([conv.kernel, conv.bias, "dropconnect"]);
    const expected = values(conv.forward(input()));
    layer.eval();
    expect(values(layer.forward(input()))).toEqual(expected);
    expect(layer.rngs!.count.value).toBe(0);
    layer.train();
    expect(values(layer.forward(input()))).not.toEqual(expected);
    expect(layer.rngs!.count.value).toBe(1);
    expect(layer.setMode({ deterministic: true, useRunningAverage: true })).toEqual({
      useRunningAverage: true,
    });
    expect(layer.deterministic).toBe(true);
    expect(values(new DropConnectConv(conv, 0).forward(input()))).toEqual(expected);
    const half = new DropConnectConv(conv, 0.5, { scaling: "inference", deterministic: true });
    expect(
      relativeError(
        values(half.forward(input())),
        expected.map((v) => v / 2),
      ),
    ).toBeLessThan(1e-6);
    const bias = values(new DropConnectConv(conv, 1).forward(input()));
    expect(bias.every((v) => v === 0)).toBe(true);
  });

  it("leaves its stream as it was when it refuses a call", () => {
    const layer = new DropConnectConv(base(), 0.5, { rngs: new Rngs(0) });
    expect(() => layer.forward(tf.ones([1, 5, 5, 3]))).toThrow(
      /DropConnectConv\.forward: expected an input of shape/,
    );
    expect(layer.rngs!.count.value).toBe(0);
    expect(() => layer.forward(input(), { rngs: random.split(random.key(0), 2) })).toThrow(
      /expected one key.*got keys of shape \[2\]/,
    );
    expect(() => new DropConnectConv(base(), 0.5).forward(input())).toThrow(MissingRngError);
    expect(() => new DropConnectConv(base(), 1.5)).toThrow(RangeError);
  });
});
