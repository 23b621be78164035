/** @file `remat` of models that the loss itself makes, which are gone when the backward pass runs. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  Carry,
  clone,
  foriLoop,
  grad,
  mapValues,
  merge,
  Module,
  Param,
  remat,
  scan,
  split,
  Variable,
  vjp,
  vmap,
} from "../index.ts";

class Scale extends Module {
  readonly w: Param<tf.Tensor>;
  readonly sum: Variable<tf.Tensor>;
  constructor() {
    super();
    this.w = new Param<tf.Tensor>(tf.tensor1d([2, -1]));
    this.sum = new Variable<tf.Tensor>(tf.zeros([2]));
  }
  forward(x: tf.Tensor): tf.Tensor {
    this.sum.value = tf.add(this.sum.value, x);
    return tf.mul(this.w.value, x);
  }
}

const doubled = (m: Scale): Scale => {
  const [graphdef, params, rest] = split(m, Param, true);
  return merge(
    graphdef,
    mapValues((value: tf.Tensor) => tf.mul(value, 2), params),
    rest,
  );
};

type Apply = (m: Scale, x: tf.Tensor) => tf.Tensor;
const forward: Apply = (m, x) => m.forward(x);
const x = (): tf.Tensor => tf.tensor1d([1, 3]);

/** Losses of a model that each makes of the one it gets. The last count of what it saw is in them. */
const losses: Record<string, (apply: Apply) => (m: Scale) => tf.Tensor> = {
  scan: (apply) => (m) => {
    const made = doubled(m);
    const through = scan(apply, { inAxes: [null, Carry], outAxes: Carry, length: 3 });
    return tf.add(tf.sum(tf.square(through(made, x()))), tf.sum(made.sum.value));
  },
  foriLoop: (apply) => (m) => {
    const made = doubled(m);
    return tf.add(tf.sum(foriLoop(0, 3, (_, value) => apply(made, value), x())), tf.sum(made.sum.value));
  },
  "the body of foriLoop": (apply) => (m) => tf.sum(foriLoop(0, 3, (_, value) => apply(clone(m), value), x())),
  vmap: (apply) => (m) =>
    tf.sum(
      vmap((each: Scale, value: tf.Tensor) => apply(doubled(each), value), { inAxes: [null, 0] })(
        m,
        tf.eye(2),
      ),
    ),
};

const ofW = (gradients: { readonly w: { readonly value: tf.Tensor } }): number[] => [
  ...gradients.w.value.dataSync(),
];

describe("remat of a model that the loss makes, in", () => {
  it.each(Object.entries(losses))("%s has the gradient of the function as it is", (_, loss) => {
    const model = new Scale();
    const expected = ofW(grad(loss(forward))(model));
    expect(ofW(grad(loss(remat(forward)))(model))).toEqual(expected);
  });

  it("a pull-back is right each time, and leaves nothing", () => {
    const model = new Scale();
    const loss = (losses.scan as (apply: Apply) => (m: Scale) => tf.Tensor)(remat(forward));
    const run = (): number[][] =>
      tf.tidy(() => {
        const [, pullBack] = vjp(loss, [model]);
        const found = [1, 2].map((seed) => ofW(pullBack(tf.scalar(seed))[0]));
        pullBack.dispose();
        return found;
      });
    const [once, twice] = run();
    expect(twice).toEqual(once?.map((value) => 2 * value));
    const { numTensors } = tf.memory();
    run();
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it("says that a model it closes over is gone", () => {
    const closing = (m: Scale): tf.Tensor => {
      const made = clone(m);
      return tf.sum(remat((value: tf.Tensor) => tf.mul(made.w.value, value))(x()));
    };
    expect(() => grad(closing)(new Scale())).toThrow(
      /remat: .* reads a Param which is gone when the backward pass runs\. .* pass the module as an argument\./,
    );
  });
});
