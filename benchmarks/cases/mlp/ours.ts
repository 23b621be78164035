/** @file The MLP with nnxjs. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { fill, tensorOf } from "../../peers/fill.ts";
import { integers } from "../../peers/numbers.ts";
import type { Run, Runs } from "../../peers/run.ts";
import { lossOf, trainingStep } from "../../peers/training-step.ts";
import { BATCH, DROP_CONNECT, MLP, RATE, SIZES } from "./shared.ts";

class Mlp extends nnx.Module {
  readonly hidden: (nnx.Linear | nnx.DropConnectLinear)[];
  readonly out: nnx.Linear;
  readonly dropout: nnx.Dropout;
  constructor(dropConnect: boolean, rngs: nnx.Rngs) {
    super();
    const [a, b, c, d] = SIZES;
    const dense = (from: number, to: number) => {
      const linear = new nnx.Linear(from, to, { rngs });
      return dropConnect ? new nnx.DropConnectLinear(linear, RATE, { rngs }) : linear;
    };
    this.hidden = [dense(a, b), dense(b, c)];
    this.out = new nnx.Linear(c, d, { rngs });
    this.dropout = new nnx.Dropout(RATE, { rngs });
  }
  forward(x: tf.Tensor): tf.Tensor {
    let h = x;
    for (const layer of this.hidden) h = this.dropout.forward(nnx.relu(layer.forward(h)));
    return this.out.forward(h);
  }
}

function trainer(dropConnect: boolean, isRecorded: boolean) {
  const model = fill(new Mlp(dropConnect, new nnx.Rngs(0)));
  const x = tensorOf("mlp.x", [BATCH, SIZES[0]]);
  const labels = tf.tensor1d(integers("mlp.labels", [BATCH], 10), "int32");
  const lossFn = (m: Mlp): tf.Tensor =>
    tf.mean(nnx.softmaxCrossEntropyWithIntegerLabels(m.forward(x), labels));
  return { model, lossFn, train: trainingStep(model, lossFn, isRecorded) };
}

function make(dropConnect: boolean, isRecorded = false): Run {
  const { model, lossFn, train } = trainer(dropConnect, isRecorded);
  return {
    check() {
      model.eval();
      const loss = lossOf(() => lossFn(model));
      model.train();
      return [loss];
    },
    step: () => lossOf(train),
  };
}

export const runs: Runs = { [MLP]: () => make(false), [DROP_CONNECT]: () => make(true) };
/** By `jit`. */
export const recorded: Runs = { [MLP]: () => make(false, true), [DROP_CONNECT]: () => make(true, true) };
/** A step that reads nothing back. */
export const step = (isRecorded: boolean): (() => tf.Tensor) => trainer(false, isRecorded).train;
