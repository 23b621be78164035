import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installKernels } from "../registry.ts";
import { giveBackMemory, lendMemory } from "../memory/heap.ts";
import { useWasmKernels } from "./module.ts";
import { layOut } from "./own-memory.ts";
import * as planned from "./planned.ts";
import { addressOn, copyFrom, copyTo, outputOn, planMemory, scratchAt, takesPlans } from "./planned.ts";
import { type KernelPlan, traced } from "./trace.ts";

/** Runs the calls of a plan on other tensors, as a program does. */
function run(
  { places, scratch, calls }: KernelPlan,
  inputs: readonly tf.TensorInfo[],
  shape: number[],
): number[] {
  const { backend } = tf.engine();
  const memory = lendMemory(backend, 4096) as number;
  const result = outputOn(backend, shape, "float32");
  let own = memory;
  const addresses = places.map((place) => {
    if (place.kind === "input") return addressOn(backend, inputs[place.index]!);
    if (place.kind === "result") return addressOn(backend, result);
    own += Math.ceil(place.bytes / 64) * 64;
    return own - Math.ceil(place.bytes / 64) * 64;
  });
  addresses.push(scratch > 0 ? scratchAt(backend, scratch) : 0);
  for (const { run: call, parameters, places: at } of calls)
    call(...parameters.map((parameter, i) => (at[i]! < 0 ? parameter : addresses[at[i]!]! + parameter)));
  giveBackMemory(backend, memory);
  const values = [...(backend.readSync(result.dataId) as Float32Array)];
  backend.disposeData(result.dataId);
  return values;
}

const kernel = (name: string, inputs: Record<string, tf.Tensor>, attrs: object = {}) =>
  traced(
    tf.engine().backend,
    Object.values(inputs),
    (backend) => tf.getKernel(name, "wasm").kernelFunc({ inputs, attrs, backend } as never) as tf.TensorInfo,
  );

describe("a traced kernel", () => {
  beforeAll(async () => {
    await tf.setBackend("wasm");
    await tf.ready();
    installKernels();
  });
  afterAll(() => tf.setBackend("cpu"));

  it("is its calls, which give the same for other tensors", () => {
    expect(takesPlans(tf.engine().backend)).toBe(true);
    tf.tidy(() => {
      const shapes = { a: [5, 7], b: [7, 9] } as const;
      const make = (seed: number): Record<"a" | "b", tf.Tensor> => ({
        a: tf.randomNormal([...shapes.a], 0, 1, "float32", seed),
        b: tf.randomNormal([...shapes.b], 0, 1, "float32", seed + 1),
      });
      const attrs = { transposeA: false, transposeB: false };
      const first = make(1);
      const { result, plan } = kernel("BatchMatMul", first, attrs);
      expect([...(tf.engine().backend.readSync(result.dataId) as Float32Array)]).toEqual([
        ...tf.matMul(first.a as tf.Tensor2D, first.b as tf.Tensor2D).dataSync(),
      ]);
      const next = make(5);
      expect(run(plan!, [next.a, next.b], [5, 9])).toEqual([
        ...tf.matMul(next.a as tf.Tensor2D, next.b as tf.Tensor2D).dataSync(),
      ]);
      tf.engine().backend.disposeData(result.dataId);
    });
  });

  it("may have memory of its own between its calls", () => {
    tf.tidy(() => {
      const x = tf.randomNormal([3, 4, 5]);
      const { result, plan } = kernel("Sum", { x }, { axis: [0, 2], keepDims: false });
      expect(plan?.places.map(({ kind }) => kind).sort()).toEqual(["input", "own", "result"]);
      const y = tf.randomNormal([3, 4, 5]);
      expect(run(plan!, [y], [4])).toEqual([...tf.sum(y, [0, 2]).dataSync()]);
      tf.engine().backend.disposeData(result.dataId);
    });
  });

  it("has no plan where it does anything else", () => {
    tf.tidy(() => {
      const x = tf.tensor2d([[1, 2]]);
      // tensorflow.js's own kernel, one that returns its input, and one that reads.
      for (const [name, inputs, attrs] of [
        ["Cast", { x }, { dtype: "int32" }],
        ["Identity", { x }, {}],
        // It fills the memory itself.
        [
          "PadV2",
          { x },
          {
            paddings: [
              [1, 1],
              [0, 0],
            ],
            constantValue: 2,
          },
        ],
        ["Unique", { x }, { axis: 0 }],
      ] as const)
        expect(kernel(name, inputs, attrs).plan).toBeUndefined();
    });
  });

  it("leaves what goes on inside of another one alone", () => {
    tf.tidy(() => {
      const x = tf.randomNormal([4, 4]) as tf.Tensor2D;
      const { plan } = traced(tf.engine().backend, [x], () => tf.matMul(x, x));
      expect(plan).toBeUndefined();
    });
  });

  it("lends memory to one program inside of another", () => {
    const { backend } = tf.engine();
    const outer = lendMemory(backend, 1000)!;
    const inner = lendMemory(backend, 500)!;
    expect(Math.abs(outer - inner)).toBeGreaterThanOrEqual(500);
    giveBackMemory(backend, inner);
    giveBackMemory(backend, outer);
    const again = lendMemory(backend, 1000)!;
    expect(again).toBe(outer);
    giveBackMemory(backend, again);
  });
});

describe("a kernel that is traced on cpu", () => {
  beforeAll(async () => {
    await tf.setBackend("cpu");
    installKernels();
  });

  const kernelOnCpu = (name: string, inputs: Record<string, tf.Tensor>, attrs: object = {}) =>
    traced(
      tf.engine().backend,
      Object.values(inputs),
      (backend) => tf.getKernel(name, "cpu").kernelFunc({ inputs, attrs, backend } as never) as tf.TensorInfo,
    );

  /** Runs the calls of a plan on copies of other tensors. */
  function runCopied({ places, scratch, calls }: KernelPlan, inputs: readonly tf.Tensor[], shape: number[]) {
    const { backend } = tf.engine();
    const memory = planned.lendMemory(backend, 2 ** 20) as number;
    let next = memory;
    const addresses = places.map((place) => {
      const at = next;
      next += 2 ** 17;
      if (place.kind === "input") copyTo(backend, inputs[place.index]!, at);
      return at;
    });
    const result = addresses[places.findIndex(({ kind }) => kind === "result")]!;
    addresses.push(scratch > 0 ? scratchAt(backend, scratch) : 0);
    for (const { run: call, parameters, places: at } of calls)
      call(...parameters.map((parameter, i) => (at[i]! < 0 ? parameter : addresses[at[i]!]! + parameter)));
    const info = copyFrom(backend, shape, "float32", result);
    planned.giveBackMemory(backend, memory);
    const values = [...(backend.readSync(info.dataId) as Float32Array)];
    backend.disposeData(info.dataId);
    return values;
  }

  it("is its calls, on copies of other tensors", () => {
    expect(takesPlans(tf.engine().backend)).toBe(true);
    tf.tidy(() => {
      const make = (seed: number): Record<"a" | "b", tf.Tensor> => ({
        a: tf.randomNormal([20, 30], 0, 1, "float32", seed),
        b: tf.randomNormal([30, 40], 0, 1, "float32", seed + 1),
      });
      const { result, plan } = kernelOnCpu("BatchMatMul", make(1), { transposeA: false, transposeB: false });
      const { a, b } = make(5);
      const expected = [...tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D).dataSync()];
      expect(runCopied(plan!, [a, b], [20, 40])).toEqual(expected);
      tf.engine().backend.disposeData(result.dataId);
      // More elements than are copied at a time.
      const x = tf.randomNormal([20_000]);
      const { result: exp, plan: whole } = kernelOnCpu("Exp", { x });
      const y = tf.randomNormal([20_000]);
      expect(runCopied(whole!, [y], [20_000])).toEqual([...tf.exp(y).dataSync()]);
      tf.engine().backend.disposeData(exp.dataId);
    });
  });

  it("has no plan where tensorflow.js's own code reads the values", () => {
    tf.tidy(() => {
      const x = tf.randomNormal([3]);
      for (const name of ["Relu", "Asinh", "Identity"]) {
        const { result, plan } = kernelOnCpu(name, { x });
        expect(plan).toBeUndefined();
        tf.engine().backend.disposeData(result.dataId);
      }
    });
  });

  it("lends memory to one program, and kernels use what comes after it", () => {
    const { backend } = tf.engine();
    const [before] = layOut([4]).at;
    const memory = planned.lendMemory(backend, 1000)!;
    expect(planned.lendMemory(backend, 10)).toBeUndefined();
    expect(layOut([4]).at[0]).toBeGreaterThanOrEqual(memory + 1000);
    expect(scratchAt(backend, 10)).toBeGreaterThanOrEqual(memory + 1000);
    planned.giveBackMemory(backend, memory);
    expect(layOut([4]).at[0]).toBe(before);
    expect(planned.lendMemory(backend, 2 ** 25)).toBeUndefined();
  });

  it("holds for one memory, as long as the kernels are on", () => {
    const { backend } = tf.engine();
    const memory = planMemory(backend);
    expect(memory).toBeDefined();
    expect(planMemory(backend)).toBe(memory);
    useWasmKernels(false);
    expect(planMemory(backend)).toBeUndefined();
    useWasmKernels(true);
    // A large product's memory is given up after it.
    tf.tidy(() => tf.matMul(tf.zeros([4096, 4200]), tf.zeros([4200, 1])));
    expect(planMemory(backend)).not.toBe(memory);
  });
});
