import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installKernels } from "../registry.ts";
import { giveBackMemory, lendMemory } from "./heap.ts";
import { addressOn, outputOn, scratchAt, takesPlans } from "./planned.ts";
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
