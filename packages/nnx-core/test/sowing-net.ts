/** @file A small model that sows, for tests of what is done with intermediates. */
import * as tf from "@tensorflow/tfjs-core";
import { Intermediate, Module, Param } from "../src/index.ts";

/** Multiplies by a weight, applies a function, and sows what comes out. */
export class Unit extends Module {
  readonly w: Param<tf.Tensor>;
  readonly f: (x: tf.Tensor) => tf.Tensor;
  constructor(w: number, f: (x: tf.Tensor) => tf.Tensor) {
    super();
    this.w = new Param<tf.Tensor>(tf.scalar(w));
    this.f = f;
  }
  forward(x: tf.Tensor): tf.Tensor {
    const y = this.f(tf.mul(x, this.w.value));
    this.sow(Intermediate, "y", y);
    return y;
  }
}
/** A unit, and a block of one whose function the test chooses. */
export class Net extends Module {
  readonly first: Unit;
  readonly blocks: Unit[];
  constructor(f: (x: tf.Tensor) => tf.Tensor, w = 1) {
    super();
    this.first = new Unit(w, (x) => tf.mul(x, 1));
    this.blocks = [new Unit(1, f)];
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.blocks[0]!.forward(this.first.forward(x));
  }
}
export const loss = (m: Net, x: tf.Tensor): tf.Tensor => tf.sum(m.forward(x)) as tf.Tensor;
