import { flattenState, isVariableState, Module, Param, state, update, valueAndGrad } from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { flaxCase, type GoldenArray, numbersOf, relativeError } from "../../../../scripts/golden.ts";
import { adam, Optimizer } from "../index.ts";

class Dense extends Module {
  readonly kernel: Param<tf.Tensor>;
  readonly bias: Param<tf.Tensor>;
  constructor(kernel: tf.Tensor, bias: tf.Tensor) {
    super();
    this.kernel = new Param(kernel);
    this.bias = new Param(bias);
  }
  forward(x: tf.Tensor): tf.Tensor {
    return tf.add(tf.matMul(x as tf.Tensor2D, this.kernel.value as tf.Tensor2D), this.bias.value);
  }
}

interface OptimizerCase {
  readonly x: GoldenArray;
  readonly y: GoldenArray;
  readonly params_before: Readonly<Record<"kernel" | "bias", GoldenArray>>;
  readonly losses: readonly GoldenArray[];
  readonly params_after: readonly Readonly<Record<"kernel" | "bias", GoldenArray>>[];
}
const tensor = (golden: GoldenArray): tf.Tensor => tf.tensor(numbersOf(golden), [...golden.shape]);
const lossOf = (m: Dense, x: tf.Tensor, y: tf.Tensor): tf.Tensor =>
  tf.mean(tf.square(tf.sub(m.forward(x), y)));

function start() {
  const golden = flaxCase<OptimizerCase>("optimizer.adam_0.01");
  const model = new Dense(tensor(golden.params_before.kernel), tensor(golden.params_before.bias));
  return {
    golden,
    model,
    optimizer: new Optimizer(model, adam(0.01), { wrt: Param }),
    x: tensor(golden.x),
    y: tensor(golden.y),
  };
}

describe("Optimizer with adam", () => {
  it("takes optax's steps", () => {
    const { golden, model, optimizer, x, y } = start();
    golden.losses.forEach((reference, i) => {
      const [loss, grads] = valueAndGrad(lossOf)(model, x, y);
      expect(relativeError(loss.dataSync(), numbersOf(reference))).toBeLessThan(1e-5);
      optimizer.update(model, grads);
      for (const name of ["kernel", "bias"] as const) {
        const wanted = numbersOf(golden.params_after[i]![name]);
        expect(relativeError(model[name].value.dataSync(), wanted)).toBeLessThan(1e-5);
      }
    });
    expect(optimizer.step.value).toBe(3);
  });

  it("keeps its state in Variables under Flax's paths", () => {
    const { optimizer } = start();
    expect(flattenState(state(optimizer)).map(([path]) => path.join("."))).toEqual([
      "optState.0.count",
      "optState.0.mu.bias",
      "optState.0.mu.kernel",
      "optState.0.nu.bias",
      "optState.0.nu.kernel",
      "step",
    ]);
  });

  it("goes on where a saved State was", () => {
    const { model, optimizer, x, y } = start();
    const step = () => {
      const [, grads] = valueAndGrad(lossOf)(model, x, y);
      optimizer.update(model, grads);
      return [...model.kernel.value.dataSync()];
    };
    step();
    const saved = [state(model), state(optimizer)] as const;
    const second = step();
    update(model, saved[0]);
    update(optimizer, saved[1]);
    expect(step()).toEqual(second);
  });

  it("keeps the count of tensors flat, with a scope around the step and with dispose", () => {
    const { model, optimizer, x, y } = start();
    const step = () => tf.tidy(() => optimizer.update(model, valueAndGrad(lossOf)(model, x, y)[1]));
    step();
    const before = tf.memory().numTensors;
    for (let i = 0; i < 100; i++) step();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("names the parameter whose gradient is missing, and changes nothing", () => {
    const { model, optimizer, x, y } = start();
    const [, grads] = valueAndGrad(lossOf, { wrt: (path) => path.at(-1) === "bias" })(model, x, y);
    const before = [...model.bias.value.dataSync()];
    expect(() => optimizer.update(model, grads)).toThrow(
      /Optimizer\.update at kernel: expected a gradient like a float32\[3,2\], got undefined/,
    );
    expect([...model.bias.value.dataSync()]).toEqual(before);
    expect(optimizer.step.value).toBe(0);
    expect(flattenState(grads).every(([, leaf]) => isVariableState(leaf))).toBe(true);
  });
});
