import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, expectTypeOf, it } from "vitest";
import * as nnx from "../index.ts";

const numbers = (t: tf.Tensor): number[] => [...t.dataSync()];
const make = () => {
  const model = new nnx.Linear(2, 3, { rngs: new nnx.Rngs(0) });
  return { model, optimizer: new nnx.Optimizer(model, nnx.adamw(1e-2), { wrt: nnx.Param }) };
};
function trainStep(model: nnx.Linear, optimizer: nnx.Optimizer, x: tf.Tensor, y: tf.Tensor): tf.Tensor {
  const lossOf = (m: nnx.Linear) => tf.mean(tf.square(tf.sub(m.forward(x), y))) as tf.Tensor;
  const [loss, grads] = nnx.valueAndGrad(lossOf)(model);
  optimizer.update(model, grads);
  return loss;
}

describe("jitPartial", () => {
  it("trains as the plain step does, with the model given once", () => {
    const [plain, bound] = [make(), make()];
    using step = nnx.jitPartial(trainStep, bound.model, bound.optimizer);
    expectTypeOf(step).parameters.toEqualTypeOf<[tf.Tensor, tf.Tensor]>();
    const [x, y] = [tf.ones([4, 2]), tf.ones([4, 3])];
    for (let i = 0; i < 5; i++) {
      expect(numbers(step(x, y))).toEqual(numbers(trainStep(plain.model, plain.optimizer, x, y)));
    }
    expect(numbers(bound.model.kernel.value)).toEqual(numbers(plain.model.kernel.value));
    expect(step.programs.length).toBe(1);
  });

  it("sees what changes in its arguments between calls", () => {
    const { model } = make();
    using forward = nnx.jitPartial((m: nnx.Linear, x: tf.Tensor) => m.forward(x), model);
    const x = tf.ones([1, 2]);
    forward(x);
    model.kernel.value = tf.zeros([2, 3]);
    model.bias!.value = tf.tensor1d([1, 2, 3]);
    expect(numbers(forward(x))).toEqual([1, 2, 3]);
    expect(forward.programs.length).toBe(1);
  });

  it("runs as it is in a gradient, and can be printed", () => {
    const { model } = make();
    using forward = nnx.jitPartial((m: nnx.Linear, x: tf.Tensor) => tf.sum(m.forward(x)) as tf.Tensor, model);
    const slope = nnx.grad((x: tf.Tensor) => forward(x))(tf.ones([1, 2]));
    expect(numbers(slope)).toEqual(numbers(tf.sum(model.kernel.value, 1)));
    expect(nnx.printProgram(forward)(tf.ones([1, 2]))).toContain("Sum");
  });

  it("refuses what is no function", () => {
    expect(() => nnx.jitPartial(3 as never)).toThrow(/jitPartial/);
  });
});
