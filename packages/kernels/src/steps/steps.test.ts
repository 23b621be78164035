import * as tf from "@tensorflow/tfjs-core";
import { afterEach, describe, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { listKernels, restoreKernels } from "../mend-kernels.ts";
import { useWasmKernels } from "../wasm/module.ts";
import { ofNumbers, ofTensors } from "./algebra.ts";
import { ended } from "./expressions.ts";
import * as rules from "./rules.ts";
import type { StepRule } from "./step-kernel.ts";
import { type Finish, takeStep } from "./take-step.ts";

const special = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0,
  -0,
  1e-30,
  1e-42,
  3e25,
  1,
];

/** Ordinary numbers, and each special one somewhere; moments may be roots of negative numbers, too. */
const values = (count: number, seed: number): number[] =>
  Array.from({ length: count }, (_, i) =>
    (i + 2 * seed) % 7 === 3 ? special[(i * 5 + seed) % 9]! : Math.sin(12.9898 * (i + 1) + seed),
  );

const numbersFor = ({ shape }: StepRule, seed: number): number[] =>
  Array.from({ length: shape.numbers }, (_, i) => Math.fround(Math.abs(Math.sin(3.7 * (i + seed) + 1))));

const finishes: readonly (Finish | undefined)[] = [
  undefined,
  { factor: -0.1, share: 0 },
  { factor: -0.1, share: 0.01 },
];
// The last is longer than what a kernel takes at once.
const sizes = [0, 1, 2, 3, 4, 5, 31, 260, 2048, 2300];

/** What a step makes of each element, with all results rounded to float32. */
function wanted(rule: StepRule, inputs: readonly Float32Array[], n: readonly number[], finish?: Finish) {
  const ending = finish === undefined ? "update" : finish.share === 0 ? "finish" : "decay";
  const all = [...n, ...(finish ? [finish.factor] : []), ...(finish?.share ? [finish.share] : [])];
  const expression = ended(rule.shape.expression, ending);
  return Array.from(inputs[0]!, (_, i) =>
    expression(
      ofNumbers,
      inputs.map((each) => each[i]!),
      all.map(Math.fround),
    ),
  );
}

const isSame = (a: number, b: number): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b));

onEachBackend("a step by kernel", () => {
  afterEach(() => useWasmKernels(true));

  describe.each(Object.entries(rules) as [string, StepRule][])("%s", (_name, rule) => {
    it.each(finishes)("is bit for bit what numbers give, with and without WebAssembly: %j", (finish) => {
      const width = rule.shape.moments + (finish ? 2 : 1);
      const leaves = sizes.map((size) =>
        Array.from({ length: width }, (_, i) => tf.tensor1d(values(size, i + 1), "float32")),
      );
      for (const seed of [1, 2]) {
        const n = numbersFor(rule, seed);
        const all = leaves.map((inputs) =>
          wanted(
            rule,
            inputs.map((x) => x.dataSync() as Float32Array),
            n,
            finish,
          ),
        );
        for (const on of [true, false]) {
          useWasmKernels(on);
          const results = takeStep(rule, leaves, n, finish);
          for (const [leaf, inputs] of leaves.entries()) {
            const found = results[leaf]!.map((x) => x.dataSync());
            const odd = all[leaf]!.findIndex(
              (each, i) => !each.every((value, k) => isSame(found[k]![i]!, value)),
            );
            expect(odd).toBe(-1);
            expect(results[leaf]!.map(({ shape }) => shape)).toEqual(
              results[leaf]!.map(() => inputs[0]!.shape),
            );
          }
          tf.dispose(results as tf.Tensor[][]);
        }
      }
      tf.dispose(leaves);
    });

    it("is about what ops give", () => {
      const inputs = Array.from({ length: rule.shape.moments + 1 }, (_, i) =>
        tf.tensor2d(
          values(30, i + 1).map((x) => (Number.isFinite(x) ? Math.abs(x) % 2 : 1)),
          [5, 6],
        ),
      );
      const n = numbersFor(rule, 1);
      const [results] = takeStep(rule, [inputs], n);
      const byOps = rule.shape.expression(ofTensors, inputs, n) as tf.Tensor[];
      for (const [i, x] of byOps.entries()) {
        const [got, want] = [results![i]!.dataSync(), x.dataSync()];
        for (const [k, value] of want.entries()) {
          const isClose = Math.abs(got[k]! - value) <= 1e-5 * Math.abs(value) + 1e-6;
          expect(isClose || isSame(got[k]!, value)).toBe(true);
        }
      }
    });
  });

  it("leaves nothing behind, and reads no more than it is given", () => {
    const run = (): void =>
      tf.tidy(() => {
        takeStep(rules.adamStep, [[1, 2, 3].map((x) => tf.fill([5], x))], numbersFor(rules.adamStep, 1));
      });
    run();
    const before = [tf.memory().numTensors, tf.memory().numBytes, tf.backend().numDataIds()];
    for (let i = 0; i < 5; i++) run();
    expect([tf.memory().numTensors, tf.memory().numBytes, tf.backend().numDataIds()]).toEqual(before);
  });

  it("writes nothing but its results", () => {
    tf.tidy(() => {
      const around = Array.from({ length: 40 }, () => tf.fill([7], 9));
      tf.dispose(around.filter((_, i) => i % 2 === 1));
      const kept = around.filter((_, i) => i % 2 === 0);
      for (let i = 0; i < 20; i++)
        takeStep(rules.momentumStep, [Array.from({ length: 3 }, () => tf.ones([7]))], [0.5, 0], {
          factor: 1,
          share: 0,
        });
      for (const x of kept) expect([...x.dataSync()]).toEqual(Array(7).fill(9));
    });
  });

  it("refuses what is not as the rule has it, since kernels do not look", () => {
    const [x, other] = [tf.ones([7]), tf.ones([6])];
    for (const [leaf, n, finish] of [
      [[x, x], [0.5, 0], { factor: 1, share: 0 }],
      [[x, other], [0.5, 0], undefined],
      [[x, x], [0.5], undefined],
    ] as const) {
      expect(() => takeStep(rules.momentumStep, [leaf], n, finish)).toThrow("NnxMomentumStep: expected");
    }
  });

  it("is computed by ops for other dtypes", () => {
    const integers = tf.tensor1d([3, -2], "int32");
    expect([...takeStep(rules.signStep, [[integers]], [])[0]![0]!.dataSync()]).toEqual([1, -1]);
  });

  it("is listed once it was used, and comes back after a restore", () => {
    const take = (): number[] => [...takeStep(rules.signStep, [[tf.tensor1d([-4])]], [])[0]![0]!.dataSync()];
    restoreKernels();
    // Another test file may have loaded another copy of this package, which registered it.
    const before: unknown = tf.getKernel(rules.signStep.kernelName, tf.getBackend());
    expect(take()).toEqual([-1]);
    expect(listKernels().some(({ kernelName }) => kernelName === rules.signStep.kernelName)).toBe(true);
    restoreKernels();
    expect(tf.getKernel(rules.signStep.kernelName, tf.getBackend())).toBe(before);
    expect(take()).toEqual([-1]);
    restoreKernels();
  });
});
