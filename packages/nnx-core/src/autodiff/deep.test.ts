/** @file Gradients and captures of a chain of 10,000 modules, each inside the one before. */
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  capture,
  captureGradients,
  dispose,
  findNonFinite,
  grad,
  Intermediate,
  Module,
  Param,
  Perturbation,
  split,
  type State,
  vjp,
} from "../index.ts";
import { flattenState } from "../state/flatten-state.ts";

const levels = 10_000;

class Link extends Module {
  readonly w = new Param<tf.Tensor>(tf.scalar(1));
  next: Link | null = null;
  forward(x: tf.Tensor): tf.Tensor {
    const y = tf.mul(x, this.w.value) as tf.Tensor;
    this.sow(Intermediate, "y", y);
    return y;
  }
}

/** Ten links take part in the loss: the other parameters have gradients too, which are zero. */
const loss = (root: Link, x: tf.Tensor): tf.Tensor => {
  let y = x;
  let i = 0;
  for (let link: Link | null = root; link; link = link.next) if (i++ % 1000 === 0) y = link.forward(y);
  return tf.sum(y);
};

/** How many levels a State has, and how many leaves. */
function sizeOf(state: State): { depth: number; leaves: number } {
  let [depth, leaves] = [0, 0];
  let node: Record<string, unknown> | undefined = state as Record<string, unknown>;
  for (; node; node = node.next as Record<string, unknown> | undefined) {
    depth++;
    if ("w" in node || "y" in node) leaves++;
  }
  return { depth, leaves };
}

describe("a chain of 10,000 modules", () => {
  let root: Link;
  const x = tf.tensor1d([1, 2]);
  beforeAll(() => {
    root = new Link();
    for (let i = 1; i < levels; i++) {
      const above = new Link();
      above.next = root;
      root = above;
    }
  });
  afterAll(() => {
    dispose([root, x]);
  });

  it("has gradients", () => {
    const grads = grad(loss)(root, x);
    expect(sizeOf(grads as State)).toEqual({ depth: levels, leaves: levels });
    expect(((grads as State).w as { value: tf.Tensor }).value.dataSync()[0]).toBe(3);
    dispose(grads);
  });

  it("has gradients by its State, and by a pull-back", () => {
    const [, params] = split(root, Param);
    const ofState = grad(
      (p: State, a: tf.Tensor) => tf.sum(tf.mul((p.w as { value: tf.Tensor }).value, a)) as tf.Tensor,
    )(params as State, x);
    expect(sizeOf(ofState as State).leaves).toBe(levels);
    const [y, pullBack] = vjp(loss, [root, x]);
    const one = tf.scalar(1);
    const back = pullBack(one);
    expect(sizeOf(back[0] as State).leaves).toBe(levels);
    pullBack.dispose();
    dispose([params, ofState, y, one, back]);
  });

  it("can be captured, with and without gradients, and with what an earlier capture recorded", () => {
    const [y, seen] = capture(loss, Intermediate)(root, x);
    expect(flattenState(seen)).toHaveLength(10);
    const both = captureGradients(loss)(root, x);
    expect(sizeOf(both.sown as unknown as State).leaves).toBe(10);
    const perturbing = (m: Link, a: tf.Tensor) => m.perturb("p", loss(m, a));
    const [z, zeros] = capture(perturbing, Perturbation)(root, x);
    const [again] = capture(perturbing, Perturbation, { init: zeros })(root, x);
    expect(again.dataSync()[0]).toBe(3);
    expect(findNonFinite(root, loss)(x)).toBeUndefined();
    dispose([y, seen, both, z, zeros, again]);
  });
});

describe("modules that call each other 5,000 levels deep", () => {
  class Nested extends Link {
    override forward(x: tf.Tensor): tf.Tensor {
      return this.next ? this.next.forward(x) : super.forward(x);
    }
  }

  it("have gradients: nothing is put on the stack between them", () => {
    let root = new Nested();
    for (let i = 1; i < 5000; i++) {
      const above = new Nested();
      above.next = root;
      root = above;
    }
    const x = tf.scalar(3);
    const grads = grad((m: Nested, a: tf.Tensor) => m.forward(a))(root, x);
    let node = grads as State;
    for (let i = 1; i < 5000; i++) node = node.next as State;
    expect((node.w as { value: tf.Tensor }).value.dataSync()[0]).toBe(3);
    dispose([root, x, grads]);
  });
});
