import { flattenState, Module, Param, state, valueAndGrad } from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { flaxCase, type GoldenArray, numbersOf, relativeError } from "../../../../scripts/golden.ts";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
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
  sgd,
} from "../index.ts";

const NAMES = ["kernel", "bias"] as const;
type Values = Readonly<Record<(typeof NAMES)[number], GoldenArray>>;
interface OptimizerCase {
  readonly x: GoldenArray;
  readonly y: GoldenArray;
  readonly params_before: Values;
  readonly losses: readonly GoldenArray[];
  readonly params_after: readonly Values[];
}
const tensor = (golden: GoldenArray): tf.Tensor => tf.tensor(numbersOf(golden), [...golden.shape]);

class Dense extends Module {
  readonly kernel: Param<tf.Tensor>;
  readonly bias: Param<tf.Tensor>;
  constructor(values: Values) {
    super();
    this.kernel = new Param(tensor(values.kernel));
    this.bias = new Param(tensor(values.bias));
  }
  forward(x: tf.Tensor): tf.Tensor {
    return tf.add(tf.matMul(x as tf.Tensor2D, this.kernel.value as tf.Tensor2D), this.bias.value);
  }
}
const lossOf = (m: Dense, x: tf.Tensor, y: tf.Tensor): tf.Tensor =>
  tf.mean(tf.square(tf.sub(m.forward(x), y)));

const cases: readonly (readonly [name: string, make: () => GradientTransformation])[] = [
  ["sgd_0.1", () => sgd(0.1)],
  ["sgd_0.1_momentum0.9", () => sgd(0.1, { momentum: 0.9 })],
  ["sgd_0.1_nesterov", () => sgd(0.1, { momentum: 0.9, nesterov: true })],
  ["adamw_0.01", () => adamw(0.01)],
  ["adamw_wd0.1", () => adamw(0.01, { weightDecay: 0.1 })],
  ["rmsprop_0.01", () => rmsprop(0.01)],
  ["chain_clip_sgd", () => chain(clipByGlobalNorm(0.5), sgd(0.1))],
  ["clip_value_sgd", () => chain(clip(0.05), sgd(0.1))],
  ["adam_exponential_decay", () => adam(exponentialDecay(0.1, 1, 0.5))],
  ["adam_cosine", () => adam(cosineDecaySchedule(0.1, 3))],
  ["lion_0.01", () => lion(0.01)],
];

onEachBackend("transformations", () => {
  it.each(cases)("%s takes optax's steps and leaves nothing behind", (name, make) => {
    const golden = flaxCase<OptimizerCase>(`optimizer.${name}`);
    const model = new Dense(golden.params_before);
    const optimizer = new Optimizer(model, make(), { wrt: Param });
    const [x, y] = [tensor(golden.x), tensor(golden.y)];
    const before = tf.memory().numTensors;
    golden.losses.forEach((reference, i) => {
      tf.tidy(() => {
        const [loss, grads] = valueAndGrad(lossOf)(model, x, y);
        expect(relativeError(loss.dataSync(), numbersOf(reference))).toBeLessThan(1e-5);
        optimizer.update(model, grads);
      });
      for (const part of NAMES) {
        const wanted = numbersOf(golden.params_after[i]![part]);
        expect(relativeError(model[part].value.dataSync(), wanted)).toBeLessThan(1e-5);
      }
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});

it("keeps states under optax's paths", () => {
  const model = new Dense(flaxCase<OptimizerCase>("optimizer.sgd_0.1").params_before);
  const pathsOf = (tx: GradientTransformation) =>
    flattenState(state(new Optimizer(model, tx, { wrt: Param }))).map(([path]) => path.join("."));
  expect(pathsOf(sgd(0.1))).toEqual(["step"]);
  expect(pathsOf(sgd(() => 0.1, { momentum: 0.9 }))).toEqual([
    "optState.0.trace.bias",
    "optState.0.trace.kernel",
    "optState.1.count",
    "step",
  ]);
  expect(pathsOf(rmsprop(0.1, { centered: true, momentum: 0.9 }))).toEqual([
    "optState.0.mu.bias",
    "optState.0.mu.kernel",
    "optState.0.nu.bias",
    "optState.0.nu.kernel",
    "optState.2.trace.bias",
    "optState.2.trace.kernel",
    "step",
  ]);
});
