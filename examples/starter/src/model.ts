/** The model: change it, and the tests say whether it still holds to the laws. */
import * as nnx from "@nnxjs/nnx";
import type * as tf from "@tensorflow/tfjs-core";

/** Points `[batch, 2]` to scores `[batch, 2]`: outside, inside. */
export class Classifier extends nnx.Module {
  readonly hidden: nnx.Linear;
  readonly dropout: nnx.Dropout;
  readonly out: nnx.Linear;
  constructor({ rngs }: { rngs: nnx.Rngs }) {
    super();
    this.hidden = new nnx.Linear(2, 32, { rngs });
    this.dropout = new nnx.Dropout(0.1, { rngs });
    this.out = new nnx.Linear(32, 2, { rngs });
  }
  forward(points: tf.Tensor2D): tf.Tensor2D {
    const h = nnx.gelu(this.hidden.forward(points));
    this.sow(nnx.Intermediate, "h", h);
    return this.out.forward(this.dropout.forward(h));
  }
}
nnx.registerModule("starter.Classifier", Classifier);
