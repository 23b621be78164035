/** @file The model of docs/see-inside.md, for the blocks after the first. */
import * as nnx from "@nnxjs/nnx";
import type * as tf from "@tensorflow/tfjs-core";

export class Block extends nnx.Module {
  readonly linear: nnx.Linear;
  constructor(features: number, { rngs }: { rngs: nnx.Rngs }) {
    super();
    this.linear = new nnx.Linear(features, features, { rngs });
  }
  forward(x: tf.Tensor2D): tf.Tensor2D {
    const h = this.perturb("h", this.linear.forward(x));
    this.sow(nnx.Intermediate, "h", h);
    return nnx.relu(h);
  }
}

export class Net extends nnx.Module {
  readonly blocks: Block[];
  constructor({ rngs }: { rngs: nnx.Rngs }) {
    super();
    this.blocks = [new Block(4, { rngs }), new Block(4, { rngs })];
  }
  forward(x: tf.Tensor2D): tf.Tensor2D {
    return this.blocks.reduce((h, block) => block.forward(h), x);
  }
}
