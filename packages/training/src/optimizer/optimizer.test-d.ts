import { grad, Module, Param, state, unpack, valueAndGrad } from "@nnxjs/nnx-core";
import type * as tf from "@tensorflow/tfjs-core";
import { expectTypeOf, it } from "vitest";
import {
  adam,
  adamw,
  chain,
  clip,
  type GradientTransformation,
  Optimizer,
  scaleByAdam,
  sgd,
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
