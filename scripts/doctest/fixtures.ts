/**
 * @file The names that short examples in doc comments may use without declaring them. Guides in
 * docs/ declare everything.
 */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";

/** A small version of the overview's model. */
export class Mlp extends nnx.Module {
  readonly hidden: nnx.Linear;
  readonly drop: nnx.DropConnectLinear;
  readonly out: nnx.Linear;
  constructor(din: number, dmid: number, dout: number, { rngs }: { rngs: nnx.Rngs }) {
    super();
    this.hidden = new nnx.Linear(din, dmid, { rngs });
    this.drop = new nnx.DropConnectLinear(new nnx.Linear(dmid, dmid, { rngs }), 0.25, { rngs });
    this.out = new nnx.Linear(dmid, dout, { rngs });
  }
  forward(x: tf.Tensor2D): tf.Tensor2D {
    const h = nnx.relu(this.hidden.forward(x));
    this.sow(nnx.Intermediate, "features", h);
    return this.out.forward(nnx.relu(this.drop.forward(this.perturb("h", h))));
  }
}

export const model: Mlp = new Mlp(4, 8, 3, { rngs: new nnx.Rngs(0, { dropconnect: 1 }) });
export const x: tf.Tensor2D = tf.keep(tf.ones([2, 4]));
export const lossFn = (m: Mlp, input: tf.Tensor2D): tf.Scalar => tf.mean(tf.square(m.forward(input)));
export const optimizer: nnx.Optimizer = new nnx.Optimizer(model, nnx.adam(1e-3), { wrt: nnx.Param });
export const params: nnx.State = nnx.state(model, nnx.Param);
export const rngs: nnx.Rngs = new nnx.Rngs(0);
