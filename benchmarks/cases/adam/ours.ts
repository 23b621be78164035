/** @file Adam with nnxjs. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { fill } from "../../peers/fill.ts";
import type { Run, Runs } from "../../peers/run.ts";
import { ADAM } from "./shared.ts";

class Mlp extends nnx.Module {
  readonly a: nnx.Linear;
  readonly b: nnx.Linear;
  readonly c: nnx.Linear;
  constructor(rngs: nnx.Rngs) {
    super();
    this.a = new nnx.Linear(784, 512, { rngs });
    this.b = new nnx.Linear(512, 256, { rngs });
    this.c = new nnx.Linear(256, 10, { rngs });
  }
}

function make(): Run {
  const model = fill(new Mlp(new nnx.Rngs(0)));
  const grads = nnx.mapValues((x: tf.Tensor) => tf.clone(x), nnx.state(model, nnx.Param));
  const optimizer = new nnx.Optimizer(model, nnx.adam(1e-3));
  const step = (): void => tf.tidy(() => optimizer.update(model, grads));
  return {
    check: () =>
      [0, 1, 2].map(() => {
        step();
        return tf.tidy(() => tf.sum(tf.abs(model.a.bias!.value)).dataSync()[0]!);
      }),
    step,
  };
}

export const runs: Runs = { [ADAM]: make };
