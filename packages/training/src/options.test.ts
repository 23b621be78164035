import { GraphNode, Param } from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { readGolden, relativeError } from "../../../scripts/golden.ts";
import {
  adam,
  adamw,
  chain,
  clip,
  clipByGlobalNorm,
  cosineDecaySchedule,
  exponentialDecay,
  type GradientTransformation,
  lion,
  Optimizer,
  rmsprop,
  scaleByAdam,
  scaleByLearningRate,
  scaleByRms,
  sgd,
} from "./index.ts";

interface Golden {
  readonly params: readonly (readonly number[])[];
  readonly optimizers: Readonly<Record<string, readonly number[]>>;
  readonly schedules: Readonly<Record<string, readonly number[]>>;
}
const golden = readGolden<Golden>("training");

class Weights extends GraphNode {
  readonly w: Param<tf.Tensor>;
  constructor(value: tf.Tensor) {
    super();
    this.w = new Param(value);
  }
}

const optimizers: Readonly<Record<string, () => GradientTransformation>> = {
  rmsprop_centered_nesterov: () => rmsprop(0.01, { centered: true, momentum: 0.9, nesterov: true }),
  rmsprop_eps_outside: () => rmsprop(0.01, { epsInSqrt: false, initialScale: 1, eps: 1e-3 }),
  adamw_options: () => adamw(0.01, { b1: 0.8, b2: 0.99, eps: 1e-3, epsRoot: 1e-4, weightDecay: 0.3 }),
  lion_options: () => lion(0.01, { b1: 0.5, b2: 0.7, weightDecay: 0.2 }),
  clip_all_below: () => chain(clipByGlobalNorm(100), sgd(0.1, { momentum: 0.5 })),
};

it.each(Object.entries(golden.optimizers))("%s ends where optax does", (name, wanted) => {
  const model = new Weights(tf.tensor2d(golden.params.map((row) => [...row])));
  const optimizer = new Optimizer(model, optimizers[name]!());
  for (let step = 0; step < 3; step++) {
    optimizer.update(model, new Weights(tf.mul(tf.reshape(tf.linspace(-1, 1, 6), [2, 3]), step + 1)));
  }
  expect(relativeError(model.w.value.dataSync(), wanted)).toBeLessThan(1e-6);
});

it("scales down a norm that is just above the bound", () => {
  const gradients = { w: tf.tensor1d([3, 4]) };
  const norms = [4.99, 5.01].map((bound) => {
    const [updates] = clipByGlobalNorm(bound).update(gradients, [], gradients);
    return tf.norm(updates.w as tf.Tensor).dataSync()[0];
  });
  expect(norms).toEqual([expect.closeTo(4.99, 5), expect.closeTo(5, 5)]);
});

it("falls as optax's schedules do", () => {
  const schedules = {
    exponential_staircase: exponentialDecay(0.1, 4, 0.5, {
      transitionBegin: 2,
      staircase: true,
      endValue: 0.03,
    }),
    exponential_up: exponentialDecay(0.1, 4, 1.5, { endValue: 0.3 }),
    cosine: cosineDecaySchedule(0.1, 5, { alpha: 0.1, exponent: 2 }),
  };
  for (const [name, schedule] of Object.entries(schedules)) {
    const wanted = golden.schedules[name]!;
    expect(
      relativeError(
        wanted.map((_, step) => schedule(step)),
        wanted,
      ),
    ).toBeLessThan(1e-6);
  }
});

it.each<[string, () => unknown, RegExp]>([
  ["a momentum of 1", () => sgd(0.1, { momentum: 1 }), /sgd: expected momentum in \[0, 1\), got 1/],
  [
    "a learning rate that is no number",
    () => sgd(Number.NaN),
    /learningRate to be a finite number or a schedule, got NaN/,
  ],
  [
    "a learning rate left out",
    () => scaleByLearningRate(undefined as unknown as number),
    /learningRate to be a finite number or a schedule, got undefined/,
  ],
  [
    "a negative weight decay",
    () => adamw(0.1, { weightDecay: -1 }),
    /weightDecay to be a finite number >= 0, got -1/,
  ],
  ["a decay above 1", () => rmsprop(0.1, { decay: 1.5 }), /decay in \[0, 1\), got 1.5/],
  ["a norm that is NaN", () => clipByGlobalNorm(Number.NaN), /maxNorm to be a finite number >= 0, got NaN/],
  ["a negative bound", () => clip(-1), /maxDelta/],
  ["no steps", () => cosineDecaySchedule(0.1, 0), /decaySteps to be a positive integer, got 0/],
  ["a rate of 0", () => exponentialDecay(0.1, 10, 0), /decayRate above 0, got 0/],
  ["a rate in text", () => exponentialDecay(0.1, 10, "0.5" as never), /decayRate above 0, got "0.5"/],
  [
    "a start that is NaN",
    () => exponentialDecay(Number.NaN, 10, 0.5),
    /initValue to be a finite number, got NaN/,
  ],
  [
    "an end that is NaN",
    () => exponentialDecay(1, 10, 0.5, { endValue: Number.NaN }),
    /endValue to be a finite/,
  ],
  [
    "a cosine that starts at NaN",
    () => cosineDecaySchedule(Number.NaN, 10),
    /initValue to be a finite number/,
  ],
  [
    "a share that is NaN",
    () => cosineDecaySchedule(1, 10, { alpha: Number.NaN }),
    /alpha to be a finite number/,
  ],
  [
    "an infinite power",
    () => cosineDecaySchedule(1, 10, { exponent: Infinity }),
    /exponent to be a finite number/,
  ],
  ["a b1 of 1", () => adam(0.1, { b1: 1 }), /adam: expected b1 in \[0, 1\), got 1/],
  ["a negative b2", () => adamw(0.1, { b2: -0.1 }), /adamw: expected b2 in \[0, 1\), got -0.1/],
  ["a negative eps", () => adam(0.1, { eps: -1 }), /eps to be a finite number >= 0, got -1/],
  ["an epsRoot that is NaN", () => adam(0.1, { epsRoot: Number.NaN }), /epsRoot to be a finite number >= 0/],
  ["a momentum in text", () => sgd(0.1, { momentum: "0.9" as never }), /momentum in \[0, 1\), got "0.9"/],
  ["a lion's b2 of 1", () => lion(0.1, { b2: 1 }), /lion: expected b2 in \[0, 1\), got 1/],
  [
    "a scale that is negative",
    () => rmsprop(0.1, { initialScale: -1 }),
    /initialScale to be a finite number >= 0/,
  ],
])("refuses %s", (_what, run, message) => {
  expect(run).toThrow(message);
});

it.each<[string, (options: never) => unknown, string, string]>([
  ["adam", (o) => adam(0.1, o), "beta1", "expected options among {b1, b2, eps, epsRoot, nesterov}"],
  ["adam", (o) => adam(0.1, o), "nestrov", "Did you mean nesterov?"],
  ["scaleByAdam", (o) => scaleByAdam(o), "eps_root", "Did you mean epsRoot?"],
  ["adamw", (o) => adamw(0.1, o), "weight_decay", "Did you mean weightDecay?"],
  ["lion", (o) => lion(0.1, o), "weightdecay", "Did you mean weightDecay?"],
  ["rmsprop", (o) => rmsprop(0.1, o), "momemtum", "Did you mean momentum?"],
  ["scaleByRms", (o) => scaleByRms(o), "momentum", "Leave it out."],
  ["sgd", (o) => sgd(0.1, o), "nesterof", "Did you mean nesterov?"],
  ["exponentialDecay", (o) => exponentialDecay(0.1, 1, 0.5, o), "stairCase", "Did you mean staircase?"],
  ["cosineDecaySchedule", (o) => cosineDecaySchedule(0.1, 1, o), "alhpa", "Did you mean alpha?"],
])("%s refuses names of options that it does not have", (where, make, name, advice) => {
  const options = (value: unknown) => value as never;
  expect(() => make(options({ [name]: 0.1 }))).toThrow(`${where}: expected options among {`);
  expect(() => make(options({ [name]: 0.1 }))).toThrow(advice);
  expect(() => make(options(null))).toThrow(`${where}: expected an options object, got null.`);
  expect(() => make(options(0.9))).toThrow(`${where}: expected an options object, got 0.9.`);
  expect(() => make(options({}))).not.toThrow();
  expect(() => make(options(undefined))).not.toThrow();
});

it("says so when a model is not the one that the optimizer was made for", () => {
  const optimizer = new Optimizer(new Weights(tf.zeros([2])), sgd(0.1, { momentum: 0.9 }));
  class Deeper extends GraphNode {
    readonly inner: Weights = new Weights(tf.zeros([2]));
  }
  expect(() => optimizer.update(new Deeper(), new Deeper())).toThrow(
    /^sgd at inner: expected trace with the paths of the gradients, got nothing\. Use an optimizer with the model that it was made for/,
  );
  expect(optimizer.step.value).toBe(0);
});
