/** @file What a function that runs again in the backward pass closes over: it must be as it was. */
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { cond, grad, jit, Module, Param, remat, scan, setMetadata, Variable, vmap } from "../index.ts";

class Scale extends Module {
  readonly w: Param<tf.Tensor>;
  constructor(w: tf.Tensor) {
    super();
    this.w = new Param(w);
  }
  forward(x: tf.Tensor): tf.Tensor {
    return tf.mul(x, this.w.value);
  }
}

const numbers = (x: tf.Tensor): number[] => [...x.dataSync()];
const x = (): tf.Tensor => tf.tensor1d([1, 2]);
type Block = (h: tf.Tensor) => tf.Tensor;

onEachBackend("a function that runs again in the backward pass", () => {
  it("refuses a closed-over Variable that is written in the meantime, and leaves it as it was", () => {
    const v = new Variable<tf.Tensor>(tf.scalar(2));
    const slope = (block: Block) =>
      grad((a: tf.Tensor) => {
        const y = block(a);
        v.value = tf.scalar(5);
        return tf.sum(tf.square(y));
      })(x());
    const closing: Block = (h) => tf.mul(h, v.value);
    expect(() => slope(remat(closing))).toThrow(
      /^remat: expected a function that closes over Variables that stay as they are, got one that reads a Variable which was written/,
    );
    expect(numbers(v.value)).toEqual([2]);
    // 2 · 2 · 2 · x: that of the value it had.
    expect(numbers(slope(closing))).toEqual([8, 16]);
    v.value = tf.scalar(2);
    expect(numbers(slope((h) => remat((a: tf.Tensor, own: typeof v) => tf.mul(a, own.value))(h, v)))).toEqual(
      [8, 16],
    );
  });

  it("refuses the slice of a scan that it closes over, which has the whole stack then", () => {
    const layers = vmap((w: tf.Tensor) => new Scale(w))(tf.tensor1d([2, 3]));
    const deep = (block: (m: Scale) => Block) =>
      grad((a: tf.Tensor) =>
        tf.sum(scan((h: tf.Tensor, m: Scale) => [block(m)(h), tf.scalar(0)] as const)(a, layers)[0]),
      )(x());
    expect(() => deep((m) => remat((h: tf.Tensor) => m.forward(h)))).toThrow(/^remat: expected a function/);
    const given = remat((h: tf.Tensor, m: Scale) => m.forward(h));
    expect(numbers(deep((m) => (h) => given(h, m)))).toEqual([6, 6]);
  });

  it("refuses it in branches of a recorded function, too", () => {
    const recorded = (choose: (a: tf.Tensor, own: Scale) => tf.Tensor) =>
      jit((a: tf.Tensor, own: Scale) =>
        grad((b: tf.Tensor) => {
          const y = choose(b, own);
          own.w.value = tf.scalar(5);
          return tf.sum(tf.square(y));
        })(a),
      );
    const closing = recorded((a, own) =>
      cond(
        tf.greater(tf.sum(a), 0),
        (b: tf.Tensor) => own.forward(b),
        (b: tf.Tensor) => tf.neg(b),
        a,
      ),
    );
    const model = new Scale(tf.scalar(2));
    expect(() => closing(x(), model)).toThrow(/^cond: .* reads a Param which was written/);
    expect(numbers(model.w.value)).toEqual([2]);
    const given = recorded((a, own) =>
      cond(
        tf.greater(tf.sum(a), 0),
        (b: tf.Tensor, m: Scale) => m.forward(b),
        (b: tf.Tensor, _: Scale) => tf.neg(b),
        a,
        own,
      ),
    );
    for (let call = 0; call < 2; call++) {
      model.w.value = tf.scalar(2);
      expect(numbers(given(x(), model))).toEqual([8, 16]);
    }
    given.dispose();
  });

  it("has the gradients of what a recorded function in it closes over, at each call", () => {
    const model = new Scale(tf.scalar(2));
    const inner = jit((a: tf.Tensor, m: Scale) => tf.square(m.forward(a)));
    const block = remat((a: tf.Tensor) => inner(a, model));
    const lossOf = (m: Scale, a: tf.Tensor): tf.Tensor =>
      tf.add(tf.sum(block(tf.mul(a, 1))), tf.mul(m.w.value, 0));
    for (let call = 0; call < 3; call++) {
      // 2 · w · (1 + 4)
      const grads = grad(lossOf)(model, x());
      expect(numbers(grads.w.value as tf.Tensor)).toEqual([20]);
      // Recorded, and replayed then.
      expect(numbers(inner(x(), model))).toEqual([4, 16]);
    }
    inner.dispose();
  });

  it("has the metadata that it had", () => {
    const model = new Scale(tf.scalar(2));
    model.w.setMetadata({ power: 2 });
    const block = remat((h: tf.Tensor, m: Scale) => {
      const y = tf.pow(m.forward(h), tf.scalar(m.w.getMetadata("power") as number));
      m.w.setMetadata({ power: 1 });
      return y;
    });
    expect(numbers(grad((a: tf.Tensor) => tf.sum(block(a, model)))(x()))).toEqual([8, 16]);
    expect(model.w.metadata).toEqual({ power: 1 });
    setMetadata(model, { power: 3 });
    expect(numbers(grad((a: tf.Tensor) => tf.sum(block(a, model)))(x()))).toEqual([24, 96]);
  });
});
