/** @file The small layers with nnxjs. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { fill, tensorOf } from "../../peers/fill.ts";
import type { Run, Runs } from "../../peers/run.ts";
import { lossOf, trainingStep } from "../../peers/training-step.ts";
import { INPUT, LAYERS, SMALL } from "./shared.ts";

class Stack extends nnx.Module {
  readonly layers: nnx.Linear[];
  constructor(rngs: nnx.Rngs) {
    super();
    this.layers = LAYERS.map(() => new nnx.Linear(4, 4, { rngs }));
  }
  forward(x: tf.Tensor): tf.Tensor {
    let h = x;
    for (const layer of this.layers) h = nnx.tanh(layer.forward(h));
    return h;
  }
}

function make(isRecorded = false): Run {
  const [x, target] = [tensorOf("small.x", INPUT), tensorOf("small.target", INPUT)];
  const lossFn = (m: Stack): tf.Tensor => tf.mean(tf.squaredDifference(m.forward(x), target));
  const train = trainingStep(fill(new Stack(new nnx.Rngs(0))), lossFn, isRecorded);
  return { step: () => lossOf(train) };
}

export const runs: Runs = { [SMALL]: () => make() };
/** By `jit`. */
export const recorded: Runs = { [SMALL]: () => make(true) };
