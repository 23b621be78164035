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
