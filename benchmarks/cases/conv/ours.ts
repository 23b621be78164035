/** @file The convolutional net with nnxjs. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { fill, tensorOf } from "../../peers/fill.ts";
import { integers } from "../../peers/numbers.ts";
import type { Run, Runs } from "../../peers/run.ts";
import { lossOf, trainingStep } from "../../peers/training-step.ts";
import { CONV, IMAGES, LABELS } from "./shared.ts";

class Net extends nnx.Module {
  readonly conv1: nnx.Conv;
  readonly conv2: nnx.Conv;
  readonly out: nnx.Linear;
  constructor(rngs: nnx.Rngs) {
    super();
    this.conv1 = new nnx.Conv(1, 16, [3, 3], { rngs });
    this.conv2 = new nnx.Conv(16, 32, [3, 3], { rngs });
    this.out = new nnx.Linear(1568, 10, { rngs });
  }
  forward(x: tf.Tensor): tf.Tensor {
    const window = { strides: [2, 2] };
    const h = nnx.maxPool(nnx.relu(this.conv1.forward(x)), [2, 2], window);
    const z = nnx.maxPool(nnx.relu(this.conv2.forward(h)), [2, 2], window);
    return this.out.forward(tf.reshape(z, [IMAGES[0], 1568]));
  }
}

/** A step that reads nothing back. */
export function step(isRecorded: boolean): () => tf.Tensor {
  const x = tensorOf("conv.x", IMAGES);
  const labels = tf.tensor1d(integers("conv.labels", LABELS, 10), "int32");
  const lossFn = (m: Net): tf.Tensor =>
    tf.mean(nnx.softmaxCrossEntropyWithIntegerLabels(m.forward(x), labels));
  return trainingStep(fill(new Net(new nnx.Rngs(0))), lossFn, isRecorded);
}

function make(isRecorded = false): Run {
  const train = step(isRecorded);
  return { step: () => lossOf(train) };
}

export const runs: Runs = { [CONV]: () => make() };
/** By `jit`. */
export const recorded: Runs = { [CONV]: () => make(true) };
