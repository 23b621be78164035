/** @file Adam's two ways to the same numbers, and gradients through a step. */
import { grad } from "@nnxjs/nnx-core";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../../../scripts/use-backend.ts";
import { type AdamOptions, chain, lion, scaleByAdam, scaleByLion, type Tree } from "../../index.ts";

const options: readonly (readonly [string, AdamOptions])[] = [
  ["by default", {}],
  ["with nesterov", { nesterov: true }],
  ["with all options", { b1: 0.5, b2: 0.75, eps: 0.25, epsRoot: 0.125, nesterov: true }],
  ["without means", { b1: 0, b2: 0 }],
];

const values = (tree: Tree): number[] =>
  Object.values(tree).flatMap((leaf) => [...(leaf as tf.Tensor).dataSync()]);

onEachBackend("scaleByAdam", () => {
  it.each(options)("gives the same numbers %s while a gradient is recorded", (_name, given) => {
    const tx = scaleByAdam(given);
    const gradients = { a: tf.tensor2d([[0.5, -2, 0]]), b: tf.tensor1d([3, -1e-3]) };
    let state = tx.init(gradients);
    for (let step = 0; step < 3; step++) {
      const [updates, next] = tx.update(gradients, state, gradients);
      const recorded: [Tree, typeof next][] = [];
      grad((x: tf.Tensor) => {
        const [u, s] = tx.update({ ...gradients, a: x }, state, gradients);
        recorded.push([
          { a: tf.keep((u.a as tf.Tensor).clone()), b: tf.keep((u.b as tf.Tensor).clone()) },
          {
            count: s.count,
            mu: { b: tf.keep((s.mu.b as tf.Tensor).clone()) },
            nu: { b: tf.keep((s.nu.b as tf.Tensor).clone()) },
          },
        ]);
        return tf.sum(u.a as tf.Tensor);
      })(gradients.a);
      const [[plain, after]] = recorded as [[Tree, typeof next]];
      values(updates).forEach((u, i) => {
        expect(values(plain)[i]).toBeCloseTo(u, 5);
      });
      expect(after.count).toBe(step + 1);
      for (const mean of ["mu", "nu"] as const) {
        const wanted = (next[mean].b as tf.Tensor).dataSync();
        (after[mean].b as tf.Tensor).dataSync().forEach((value, i) => {
          expect(value).toBeCloseTo(wanted[i] as number, 6);
        });
      }
      state = next;
    }
  });

  it("passes gradients through a step", () => {
    // jax.grad(lambda g: optax.scale_by_adam(eps_root=1.0).update(g, state, g)[0].sum())
    // at [2., -1.] with a fresh state: 1 / (g² + 1) ** 1.5
    const tx = scaleByAdam({ epsRoot: 1 });
    const state = tx.init({ g: tf.zeros([2]) });
    const through = grad((g: tf.Tensor) => tf.sum(tx.update({ g }, state, { g })[0].g as tf.Tensor));
    const [a, b] = through(tf.tensor1d([2, -1])).dataSync();
    expect(a).toBeCloseTo(1 / 5 ** 1.5, 5);
    expect(b).toBeCloseTo(1 / 2 ** 1.5, 5);
  });
});

it.each([
  ["lion", lion(0.1)],
  ["its smooth direction", chain(scaleByLion({ mode: "smooth" }))],
  ["its refined direction", chain(scaleByLion({ mode: "refined" }))],
])("counts the steps of %s", (_name, tx) => {
  const params = { w: tf.ones([2]) };
  let state = tx.init(params);
  for (let step = 0; step < 3; step++) [, state] = tx.update(params, state, params);
  expect((state as readonly [{ count: number }])[0].count).toBe(3);
});
