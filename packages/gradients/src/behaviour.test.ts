import "@tensorflow/tfjs-backend-wasm";
import { readFileSync } from "node:fs";
import { useWasmKernels } from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { allRules } from "./all-rules.ts";
import { allCases } from "../cases/all-cases.ts";
import { golden, tensorOf, vjp } from "../cases/golden.ts";
import { gradientsPage, unreachable } from "../cases/table.ts";
import { backends, useBackend } from "../../../scripts/use-backend.ts";
import { installGradients, uninstallGradients } from "./install.ts";

beforeAll(async () => {
  await useBackend("cpu");
  installGradients();
});
afterEach(() => {
  vi.restoreAllMocks();
});
afterAll(async () => {
  await useBackend("cpu");
});

/** The inputs of a program, and a function that disposes them. */
function inputsOf(name: string) {
  const numbers = golden.get(name)!;
  const xs = numbers.inputs.map((x) => tensorOf(x));
  const ints = numbers.ints.map((x) => tensorOf(x, "int32"));
  const dy = tensorOf(numbers.dy);
  return { xs, ints, dy, dispose: () => tf.dispose([xs, ints, dy]) };
}

describe("the list of programs", () => {
  it("has one for every rule that a kernel can reach", () => {
    const covered = new Set(Object.values(allCases).flatMap(({ kernels }) => kernels));
    const rules = allRules.map((rule) => rule.kernelName);
    expect(rules.filter((name) => !covered.has(name)).sort()).toEqual([...unreachable].sort());
  });

  it("names kernels that its programs run", async () => {
    for (const [name, { kernels, f, not = [] }] of Object.entries(allCases)) {
      if (not.includes("cpu")) continue;
      const { xs, ints, dispose } = inputsOf(name);
      const backward = ["Conv2DBackpropInput", "Conv2DBackpropFilter"];
      const { kernelNames } = await tf.profile(() => tf.tidy(() => void f(...xs, ...ints)));
      const own = kernels.filter((kernel) => !kernel.endsWith("__op") && !kernel.includes("Backprop"));
      // The profiler does not list the kernels inside operations that tensorflow.js differentiates
      // by hand.
      if (!name.startsWith("fused.") && !kernels.some((kernel) => backward.includes(kernel))) {
        expect(kernelNames, name).toEqual(expect.arrayContaining(own));
      }
      dispose();
    }
  });

  it("is what docs/gradients.md says", () => {
    const page = readFileSync(new URL("../../../docs/gradients.md", import.meta.url), "utf8");
    expect(page).toBe(gradientsPage());
  });
});

describe.each(backends)("the backward pass on %s", (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it("reads no tensor back", () => {
    for (const [name, { f, not = [] }] of Object.entries(allCases)) {
      if (not.includes(backend)) continue;
      const { xs, ints, dy, dispose } = inputsOf(name);
      const read = vi.spyOn(tf.engine(), "readSync");
      tf.tidy(() => void f(...xs, ...ints));
      const forward = read.mock.calls.length;
      read.mockClear();
      tf.dispose(vjp((...args) => f(...args, ...ints), xs, dy));
      expect(read.mock.calls.length, name).toBe(forward);
      read.mockRestore();
      dispose();
    }
  });

  it("gives relu no slope at NaN, as JAX has it", () => {
    const x = tf.tensor1d([Number.NaN, -1, 0, 2, Number.POSITIVE_INFINITY]);
    const [slope] = vjp((y) => tf.relu(y), [x], tf.onesLike(x));
    expect([...slope!.dataSync()]).toEqual([0, 0, 0, 1, 1]);
    tf.dispose([x, slope!]);
  });

  it("gives branches of where that broadcast to no elements gradients of their shapes", () => {
    const branches: [number[], number[]][] = [
      [[0, 3], [3]],
      [
        [2, 0],
        [2, 1],
      ],
      [[0], []],
    ];
    for (const [a, b] of branches) {
      const run = (x: tf.Tensor, y: tf.Tensor): tf.Scalar =>
        tf.sum(tf.where(tf.zeros(a, "bool"), x, y)) as tf.Scalar;
      const [x, y] = [tf.ones(a), tf.ones(b)];
      const [dx, dy] = tf.grads(run)([x, y]);
      expect([dx!.shape, dy!.shape]).toEqual([a, b]);
      expect([...dy!.dataSync()].every((value) => value === 0)).toBe(true);
      tf.dispose([x, y, dx, dy]);
    }
  });

  it("computes only the gradients that are asked for", () => {
    const [a, b] = [tf.randomNormal([4, 5]), tf.randomNormal([5, 6])];
    const run = vi.spyOn(tf.engine(), "runKernel");
    const products = (inputs: tf.Tensor[]): number => {
      run.mockClear();
      tf.dispose(vjp((...xs) => tf.matMul(xs[0]!, xs[1] ?? b), inputs, tf.ones([4, 6])));
      return run.mock.calls.filter(([name]) => name === "BatchMatMul").length;
    };
    expect(products([a])).toBe(2);
    expect(products([a, b])).toBe(3);
    tf.dispose([a, b]);
  });
});

describe("on wasm", () => {
  beforeAll(async () => {
    await useBackend("wasm");
  });

  it("asks for no transposed product where this library's kernels are off", () => {
    useWasmKernels(false);
    const run = vi.spyOn(tf.engine(), "runKernel");
    for (const name of [
      "matMul",
      "matMul wide right transposed",
      "matMul batch of a alone",
      "attention",
      "conv2d 1x1",
    ]) {
      const { xs, dy, dispose } = inputsOf(name);
      tf.tidy(() => void allCases[name]!.f(...xs));
      const forward = run.mock.calls.filter(isTransposed).length;
      run.mockClear();
      tf.dispose(vjp(allCases[name]!.f, xs, dy));
      expect(run.mock.calls.filter(isTransposed).length, name).toBe(forward);
      run.mockClear();
      dispose();
    }
    useWasmKernels(true);
  });

  it("has the kernels that tf.einsum and tf.unsortedSegmentSum call while the rules are installed, and not after", () => {
    uninstallGradients();
    // Another test file may have loaded another copy of this package, which registered this kernel.
    if (tf.getKernel("Einsum", "wasm")) tf.unregisterKernel("Einsum", "wasm");
    installGradients();
    const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    expect(Array.from(tf.tidy(() => tf.einsum("ij,kj->ik", x, x).dataSync()))).toEqual([5, 11, 11, 25]);
    const ids = tf.tensor1d([1, -1], "int32");
    expect(Array.from(tf.tidy(() => tf.unsortedSegmentSum(x, ids, 2).dataSync()))).toEqual([0, 0, 1, 2]);
    uninstallGradients();
    expect(tf.getKernel("Einsum", "wasm")).toBeUndefined();
    installGradients();
    expect(tf.getKernel("Einsum", "wasm")).toBeDefined();
    tf.dispose([x, ids]);
  });
});

const isTransposed = ([name, , attrs]: readonly [string, unknown, (tf.NamedAttrMap | undefined)?]): boolean =>
  name === "BatchMatMul" && (attrs?.transposeA === true || attrs?.transposeB === true);
