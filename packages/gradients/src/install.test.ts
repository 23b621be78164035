import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { allRules } from "./all-rules.ts";
import { installGradients, registerRules, uninstallGradients } from "./install.ts";
import { matmulRules } from "./matmul.ts";
import type { GradientRule } from "./rule.ts";

const stock = (kernelName: string): GradientRule => ({
  kernelName,
  gradFunc: (dy) => ({ x: () => dy as tf.Tensor }),
});
const forget = (kernelName: string): void => {
  if (tf.getGradient(kernelName)) tf.unregisterGradient(kernelName);
};

describe("installGradients", () => {
  beforeAll(async () => {
    await tf.setBackend("cpu");
  });
  afterEach(() => {
    uninstallGradients();
    forget("Relu");
    // Other test files in this process need the rules.
    installGradients();
  });

  it("registers every rule, once, without a word", () => {
    uninstallGradients();
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    installGradients();
    const first = tf.getGradient("Relu");
    installGradients();
    expect(tf.getGradient("Relu")).toBe(first);
    for (const rule of allRules) expect(tf.getGradient(rule.kernelName)).toBe(rule);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  it("has one rule per kernel", () => {
    const names = allRules.map((rule) => rule.kernelName);
    expect(new Set(names).size).toBe(names.length);
  });

  it("replaces a rule that is there, and uninstallGradients gives it back", () => {
    uninstallGradients();
    const before = tf.getGradient("BatchMatMul");
    forget("Relu");
    const theirs = stock("Relu");
    tf.registerGradient(theirs);
    installGradients();
    expect(tf.getGradient("Relu")).not.toBe(theirs);
    installGradients();
    uninstallGradients();
    expect(tf.getGradient("Relu")).toBe(theirs);
    expect(tf.getGradient("BatchMatMul")).toBe(before);
    uninstallGradients();
    expect(tf.getGradient("Relu")).toBe(theirs);
  });

  it("takes back a kernel that someone registered over it", () => {
    installGradients();
    const ours = tf.getGradient("Relu");
    forget("Relu");
    tf.registerGradient(stock("Relu"));
    installGradients();
    expect(tf.getGradient("Relu")).toBe(ours);
  });

  it("registerRules registers one family alone", () => {
    uninstallGradients();
    registerRules(matmulRules);
    expect(tf.getGradient("BatchMatMul")).toBe(matmulRules[0]);
    expect(tf.getGradient("Relu")).toBeUndefined();
  });
});

it("gives gradients with the attributes that an op was called with", () => {
  // The op hands on the very array that it gets.
  const squares = (x: tf.Tensor): tf.Scalar => {
    const begin = [0, 0];
    const [first, second] = [0, 1].map((i) => {
      begin[0] = i;
      return tf.mul(i + 1, tf.sum(tf.square(tf.slice(x, begin, [1, 2]))));
    });
    return tf.add(first!, second!);
  };
  const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  for (let i = 0; i < 2; i++) {
    installGradients();
    expect([...tf.grad(squares)(x).dataSync()]).toEqual([2, 4, 12, 16]);
    uninstallGradients();
    expect(Object.hasOwn(tf.engine(), "addTapeNode")).toBe(false);
  }
});
