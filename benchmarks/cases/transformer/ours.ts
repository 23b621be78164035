/** @file The transformer block with nnxjs. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { fill, tensorOf } from "../../peers/fill.ts";
import type { Run, Runs } from "../../peers/run.ts";
import { lossOf, trainingStep } from "../../peers/training-step.ts";
import { BLOCK, HEADS, HIDDEN, INPUT } from "./shared.ts";

class Block extends nnx.Module {
  readonly norm1: nnx.LayerNorm;
  readonly attention: nnx.MultiHeadAttention;
  readonly norm2: nnx.LayerNorm;
  readonly up: nnx.Linear;
  readonly down: nnx.Linear;
  constructor(features: number, rngs: nnx.Rngs) {
    super();
    this.norm1 = new nnx.LayerNorm(features, { rngs });
    this.attention = new nnx.MultiHeadAttention(HEADS, features, { decode: false, rngs });
    this.norm2 = new nnx.LayerNorm(features, { rngs });
    this.up = new nnx.Linear(features, HIDDEN, { rngs });
    this.down = new nnx.Linear(HIDDEN, features, { rngs });
  }
  forward(x: tf.Tensor, mask: tf.Tensor): tf.Tensor {
    const h = tf.add(x, this.attention.forward(this.norm1.forward(x), { mask }));
    return tf.add(h, this.down.forward(nnx.gelu(this.up.forward(this.norm2.forward(h)))));
  }
}

/** A step that reads nothing back. */
export function step(isRecorded: boolean): () => tf.Tensor {
  const [x, target] = [tensorOf("block.x", INPUT), tensorOf("block.target", INPUT)];
  const mask = nnx.makeCausalMask(tf.ones(INPUT.slice(0, 2)));
  const lossFn = (m: Block): tf.Tensor => tf.mean(tf.squaredDifference(m.forward(x, mask), target));
  return trainingStep(fill(new Block(INPUT[2], new nnx.Rngs(0))), lossFn, isRecorded);
}

function make(isRecorded = false): Run {
  const train = step(isRecorded);
  return { step: () => lossOf(train) };
}

export const runs: Runs = { [BLOCK]: () => make() };
/** By `jit`. */
export const recorded: Runs = { [BLOCK]: () => make(true) };
