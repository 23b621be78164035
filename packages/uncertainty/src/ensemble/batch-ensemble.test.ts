import { dispose, flattenState, grad, Module, Param, state } from "@nnxjs/nnx-core";
import { Linear, relu } from "@nnxjs/layers";
import { random, Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { batchEnsemble, BatchEnsembleLinear } from "../index.ts";

class Net extends Module {
  readonly first: Linear = new Linear(3, 5, { rngs: new Rngs(0) });
  readonly second: Linear = new Linear(5, 2, { rngs: new Rngs(1), useBias: false });
  forward(x: tf.Tensor): tf.Tensor {
    return this.second.forward(relu(this.first.forward(x)));
  }
}
const x = random.normal(random.key(4), [4, 3]);
const close = (a: tf.Tensor, b: tf.Tensor) => {
  const wanted = b.dataSync();
  expect(a.shape).toEqual(b.shape);
  for (const [i, value] of a.dataSync().entries()) expect(value).toBeCloseTo(wanted[i]!, 5);
};

describe("batchEnsemble", () => {
  it("is one net for each member, with the kernels W * (r sᵀ)", () => {
    const net = new Net();
    net.first.bias!.value = tf.tensor1d([1, 2, 3, 4, 5]);
    for (const init of ["normal", "randomSign"] as const) {
      const all = batchEnsemble(net, 3, { rngs: new Rngs(2), init });
      const y = all.forward(x);
      expect(y.shape).toEqual([3, 4, 2]);
      for (let i = 0; i < 3; i++) {
        const [first, second] = [all.model.first, all.model.second].map((layer) => {
          if (!(layer instanceof BatchEnsembleLinear)) throw new Error("not transformed");
          const row = (p: Param<tf.Tensor>) => tf.gather(p.value, i) as tf.Tensor1D;
          return tf.mul(layer.kernel.value, tf.outerProduct(row(layer.r), row(layer.s))) as tf.Tensor2D;
        }) as [tf.Tensor2D, tf.Tensor2D];
        const hidden = tf.relu(
          tf.add(tf.matMul(x as tf.Tensor2D, first), net.first.bias!.value),
        ) as tf.Tensor2D;
        close(tf.gather(y, i), tf.matMul(hidden, second));
      }
    }
    expect(net.first).toBeInstanceOf(Linear);
  });

  it("has probly's paths, and factors drawn as JAX draws them", () => {
    const rngs = new Rngs({ params: 2 });
    const { model } = batchEnsemble(new Linear(3, 2, { rngs: new Rngs(0) }), 4, { rngs, mean: 2, std: 3 });
    expect(flattenState(state(model, Param)).map(([path]) => path.join("."))).toEqual([
      "bias",
      "kernel",
      "r",
      "s",
    ]);
    const layer = model as unknown as BatchEnsembleLinear;
    const stream = new Rngs({ params: 2 });
    close(layer.r.value, tf.add(tf.mul(random.normal(stream.nextKey("params"), [4, 3]), 3), 2));
    close(layer.s.value, tf.add(tf.mul(random.normal(stream.nextKey("params"), [4, 2]), 3), 2));
    expect(rngs.stream("params").count.value).toBe(2);
  });

  it("passes gradients to the shared kernel and to each member's factors, and leaves no tensor", () => {
    const before = tf.memory().numTensors;
    const all = batchEnsemble(new Net(), 3, { rngs: new Rngs(2) });
    tf.tidy(() => {
      const grads = grad((m: typeof all) => tf.sum(tf.square(m.forward(x))) as tf.Tensor)(all);
      for (const [, leaf] of flattenState(grads)) {
        const { value } = leaf as { value: tf.Tensor };
        expect(tf.max(tf.abs(value)).dataSync()[0]).toBeGreaterThan(0);
      }
      expect(flattenState(grads)).toHaveLength(7);
    });
    dispose(all);
    expect(tf.memory().numTensors).toBe(before + 3); // the net that was copied still has its own
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      "no members",
      () => batchEnsemble(new Net(), 0, { rngs: 0 }),
      /batchEnsemble: expected a positive number of members, got 0/,
    ],
    [
      "an unknown draw",
      () => batchEnsemble(new Net(), 2, { rngs: 0, init: "sign" as "normal" }),
      /init to be "normal" or "randomSign", got "sign"/,
    ],
    [
      "rows that are no multiple of the members",
      () => batchEnsemble(new Net(), 3, { rngs: 0 }).model.forward(x),
      /BatchEnsembleLinear\.forward: expected an input of shape \[3 \* rows, \.\.\., 3\], got a float32\[4,3\]/,
    ],
    [
      "an input of another width",
      () => batchEnsemble(new Net(), 3, { rngs: 0 }).forward(tf.ones([2, 7])),
      /BatchEnsembleLinear\.forward: expected an input of shape \[\.\.\., 3\]/,
    ],
  ])("refuses %s", (_what, run, message) => {
    expect(run).toThrow(message);
  });
});
