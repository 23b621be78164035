import { useWasmKernels } from "@nnxjs/kernels/internal";
import { grad, Param } from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { Optimizer } from "../optimizer/optimizer.ts";
import { adam, nadam, scaleByAdam } from "./rules/adam.ts";
import { adamw } from "./rules/adamw.ts";
import { applyingStep } from "./applying.ts";
import { clip } from "./parts/clip.ts";
import { trace } from "./parts/momentum.ts";
import { radam } from "./rules/radam.ts";
import { rmsprop } from "./rules/rmsprop.ts";
import { lamb } from "./rules/trust-ratio.ts";
import { scaleBySchedule } from "./scale.ts";
import { sgd } from "./rules/sgd.ts";
import { chain, type GradientTransformation } from "./transformation.ts";
import { yogi } from "./rules/yogi.ts";
import { pathContains } from "@nnxjs/nnx-core";

/** The same transformation without the notes that let it end with parameters. */
const plainly = (tx: GradientTransformation): GradientTransformation => ({
  init: (params) => tx.init(params),
  update: (...step) => tx.update(...step),
});

const numbers = (seed: number): number[] =>
  Array.from({ length: 10 }, (_, i) => Math.sin(12.9898 * (i + 1) + seed));

/** The parameter after each of some steps. */
function stepsOf(tx: GradientTransformation): number[][] {
  const model = { w: new Param(tf.tensor1d(numbers(1))) };
  const optimizer = new Optimizer(model, tx, { wrt: Param });
  return [2, 3, 4].map((seed) => {
    const grads = { w: { type: Param, value: tf.tensor1d(numbers(seed)), metadata: {} } };
    optimizer.update(model, grads as never);
    return [...model.w.value.dataSync()];
  });
}

const rate = (step: number): number => 0.1 / (step + 1);
const endsWithParameters: readonly (readonly [string, () => GradientTransformation])[] = [
  ["adam", () => adam(0.1)],
  ["adam by schedule", () => adam(rate)],
  ["nadam", () => nadam(0.1)],
  ["radam", () => radam(0.1)],
  ["yogi", () => yogi(0.1)],
  ["adamw", () => adamw(0.1, { weightDecay: 0.3 })],
  ["adamw without decay", () => adamw(0.1, { weightDecay: 0 })],
  ["sgd", () => sgd(0.1)],
  ["sgd with momentum", () => sgd(0.1, { momentum: 0.9 })],
  ["sgd with Nesterov's momentum", () => sgd(0.1, { momentum: 0.9, nesterov: true })],
  ["rmsprop", () => rmsprop(0.1)],
  ["rmsprop with momentum after the rate", () => rmsprop(0.1, { momentum: 0.9 })],
  ["adamw with a mask", () => adamw(0.1, { mask: pathContains("w") })],
  ["adamw by a schedule of decays", () => adamw(0.1, { weightDecay: rate })],
  ["lamb", () => lamb(0.1)],
  ["a chain that ends with adam", () => chain(clip(0.5), adam(0.1))],
  ["a chain in a chain", () => chain(chain(clip(0.5), adamw(0.1)))],
];

onEachBackend("an optimizer", () => {
  afterEach(() => useWasmKernels(true));

  it.each(endsWithParameters)("takes the same steps by %s in one pass and in several", (_, make) => {
    const tx = make();
    expect(applyingStep(tx)).toBeDefined();
    expect(applyingStep(plainly(tx))).toBeUndefined();
    for (const on of [true, false]) {
      useWasmKernels(on);
      const [one, several] = [stepsOf(tx), stepsOf(plainly(tx))];
      // The same kernel or loop, and the same roundings after it.
      for (const [i, value] of one.flat().entries()) expect(value).toBeCloseTo(several.flat()[i]!, 6);
    }
  });

  it.each([
    ["adam and something after it", () => chain(adam(0.1), scaleBySchedule(rate))],
    ["a rule without a rate", () => scaleByAdam()],
  ] as const)("adds the updates of %s itself", (_, make) => {
    expect(applyingStep(make())).toBeUndefined();
    expect(stepsOf(make())).toEqual(stepsOf(plainly(make())));
  });

  it("can be differentiated", () => {
    const x = tf.tensor1d([3, -2]);
    const tx = trace(0.5, { nesterov: true });
    const f = (g: tf.Tensor) => tf.sum(tx.update({ g }, { trace: { g: x } }, { g: x })[0].g as tf.Tensor);
    expect([...grad(f)(tf.tensor1d([1, 2])).dataSync()]).toEqual([1.5, 1.5]);
  });

  it("is as before when a schedule gives no number", () => {
    const model = { w: new Param(tf.tensor1d([1, 2])) };
    const optimizer = new Optimizer(
      model,
      adam(() => Number.NaN),
      { wrt: Param },
    );
    const before = tf.memory().numTensors;
    const grads = { w: { type: Param, value: tf.tensor1d([1, 1]), metadata: {} } };
    expect(() => optimizer.update(model, grads as never)).toThrow("finite number at step 0");
    expect([...model.w.value.dataSync()]).toEqual([1, 2]);
    expect(optimizer.step.value).toBe(0);
    expect(tf.memory().numTensors).toBe(before + 1);
  });
});
