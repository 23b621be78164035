import { grad, Module, not, Param, pathContains, state, toPure, unpack, valueAndGrad } from "@nnxjs/nnx-core";
import type * as tf from "@tensorflow/tfjs-core";
import { expectTypeOf, it } from "vitest";
import {
  adam,
  adamw,
  applyUpdates,
  chain,
  clip,
  EMA,
  type GradientTransformation,
  injectHyperparams,
  lbfgs,
  mapTree,
  masked,
  ModelAndOptimizer,
  MultiSteps,
  Optimizer,
  partition,
  scaleByAdam,
  sgd,
  type Tree,
} from "../index.ts";

declare class Net extends Module {
  readonly w: Param<tf.Tensor>;
  readonly bias: Param<tf.Tensor> | null;
  readonly parts: readonly Net[];
}
declare const model: Net;
declare const x: tf.Tensor;
declare const loss: (m: Net) => tf.Scalar;
declare const lossOfAll: (models: readonly Net[], x: tf.Tensor) => tf.Scalar;
declare const lossOfTwo: (models: [Net, Net]) => tf.Scalar;
declare const lossOfNamed: (models: { a: Net; b: Net }) => tf.Scalar;
declare const lossOfMap: (models: Map<number, Net>) => tf.Scalar;

it("takes the gradients of a model, and of arrays, records and Maps of models", () => {
  const optimizer = new Optimizer(model, adam(1e-3));
  expectTypeOf(optimizer.update(model, grad(loss)(model))).toEqualTypeOf<void>();
  optimizer.update(model, valueAndGrad(loss, { wrt: Param })(model)[1]);
  optimizer.update([model, model], grad(lossOfAll)([model, model], x));
  optimizer.update([model, model], grad(lossOfTwo)([model, model]));
  optimizer.update({ a: model, b: model }, grad(lossOfNamed)({ a: model, b: model }));
  optimizer.update(new Map([[1, model]]), grad(lossOfMap)(new Map([[1, model]])));
  const [first, second] = grad((a: Net, b: Net) => lossOfTwo([a, b]), { argnums: [0, 1] })(model, model);
  optimizer.update([model, model], [first, second]);
  optimizer.update(model, model);
  optimizer.update(model, state(model));
  optimizer.update(model, unpack(model));
  optimizer.update(model, { w: x });
  // @ts-expect-error gradients are missing
  optimizer.update(model);
  // @ts-expect-error a number is no gradient
  optimizer.update(model, { w: 1 });
});

it("chains transformations of any state without a cast", () => {
  expectTypeOf(chain(clip(1), scaleByAdam(), chain(sgd(0.1)))).toExtend<GradientTransformation>();
  adam(0.1, { nesterov: true });
  adamw(0.1, { nesterov: true, weightDecay: 0 });
  // @ts-expect-error a misspelt option
  adam(0.1, { nestrov: true });
});

it("types the loss of a line search by the model", () => {
  const optimizer = new Optimizer(model, lbfgs());
  optimizer.update(model, grad(loss)(model), { value: 1, valueFn: (m) => loss(m), own: "x" });
  optimizer.update([model], [grad(loss)(model)], { valueFn: ([m]) => loss(m as Net) });
  // @ts-expect-error the loss of something else
  optimizer.update(model, grad(loss)(model), { value: 1, valueFn: (_: { x: number }) => x });
  const trainer = new ModelAndOptimizer(model, lbfgs());
  expectTypeOf(trainer.model).toEqualTypeOf<Net>();
  trainer.update(grad(loss)(model), { value: x, valueFn: loss });
});

it("takes masks and labels in every form", () => {
  masked(sgd(1), true);
  masked(sgd(1), { a: true, b: { c: false } });
  masked(sgd(1), (params) => mapTree((p) => p.rank > 1, params));
  masked(sgd(1), not(pathContains("bias")));
  // @ts-expect-error numbers are no flags
  masked(sgd(1), { a: 1 });
  partition({ a: sgd(1), b: adam(1) }, { head: "a", body: { kernel: "b" } });
  partition({ a: sgd(1) }, (params) => mapTree(() => "a", params));
  partition([
    [Param, sgd(1)],
    [(path) => path.length > 1, adam(1)],
    [true, new MultiSteps(sgd(1), 2)],
  ]);
});

it("injects schedules in the place of numbers alone", () => {
  injectHyperparams(adam)((step) => 1 / step, { b1: (step) => step, nesterov: true });
  // @ts-expect-error a flag follows no schedule
  injectHyperparams(adam)(1, { nesterov: () => true });
});

it("takes what toPure gives as parameters, and keeps States what they are", () => {
  const params: Tree = toPure<tf.Tensor>(state(model));
  adam(1).init(params);
  const values = state(model);
  expectTypeOf(applyUpdates(values, values)).toEqualTypeOf(values);
  expectTypeOf(new EMA(model, 0.9).applyTo(model)).toEqualTypeOf<Net>();
});
