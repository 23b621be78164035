/** @file The classifier: 64-128-128-8, with DropConnect on all layers but the first. */
import * as nnx from "@nnxjs/nnx";
import type * as tf from "@tensorflow/tfjs-core";
import { CLASSES, PIXELS } from "./images.ts";

const WIDTH = 128;

export class Mlp extends nnx.Module {
  readonly input: nnx.Linear;
  readonly hidden: nnx.DropConnectLinear;
  readonly output: nnx.DropConnectLinear;

  constructor(rate: number, { rngs }: { rngs: nnx.Rngs }) {
    super();
    this.input = new nnx.Linear(PIXELS, WIDTH, { rngs });
    this.hidden = new nnx.DropConnectLinear(new nnx.Linear(WIDTH, WIDTH, { rngs }), rate, { rngs });
    this.output = new nnx.DropConnectLinear(new nnx.Linear(WIDTH, CLASSES, { rngs }), rate, { rngs });
  }

  /** @param x - `[images, 64]` @returns logits, `[images, 8]` */
  forward(x: tf.Tensor2D): tf.Tensor2D {
    const first = nnx.relu(this.see("1 input", this.input.forward(x)));
    const second = nnx.relu(this.see("2 hidden", this.hidden.forward(first)));
    return this.see("3 output", this.output.forward(second));
  }

  /** Lets captures record a value, and its gradient through a perturbation. */
  private see(name: string, value: tf.Tensor2D): tf.Tensor2D {
    const perturbed = this.perturb(name, value);
    this.sow(nnx.Intermediate, name, perturbed);
    return perturbed;
  }
}
