/** @file Transformations that remember nothing. */
import { type Tensor, zerosLike } from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { checkFunction } from "@nnxjs/nnx-core/internal";
import { checkAlike, mapTree, type Tree } from "../tree/tree.ts";
import type { GradientTransformation } from "./transformation.ts";

/**
 * A transformation of a function of updates and parameters.
 * @param f - Returns updates of the same structure.
 * @see `optax.stateless`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const tx = nnx.chain(nnx.stateless((updates) => nnx.mapTree((u) => tf.tanh(u), updates)), nnx.sgd(0.1));
 * ```
 */
export const stateless: (f: (updates: Tree, params: Tree) => Tree) => GradientTransformation =
  registerFactory("tx.stateless", (f) => {
    checkFunction("stateless", f);
    return { init: () => [], update: (updates, _, params) => [f(updates, params), []] };
  });

/**
 * A transformation of a function of one update and its parameter.
 * @param f - Returns a tensor of the shape of the update.
 * @throws StructureError in a step in which updates are not like the parameters.
 * @see `optax.stateless_with_tree_map`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const decay = nnx.statelessWithTreeMap((u, p) => tf.add(u, tf.mul(tf.sign(p), 1e-4)));
 * ```
 */
export const statelessWithTreeMap: (f: (update: Tensor, param: Tensor) => Tensor) => GradientTransformation =
  registerFactory("tx.statelessWithTreeMap", (f) => {
    checkFunction("statelessWithTreeMap", f);
    return {
      init: () => [],
      update: (updates, _, params) => {
        checkAlike("statelessWithTreeMap", { params, updates });
        return [mapTree((u, p) => f(u, p), updates, params), []];
      },
    };
  });

/**
 * Zeros in the place of updates, so that parameters stay as they are.
 * @see `optax.set_to_zero`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.partition({ head: nnx.adam(1e-3), rest: nnx.setToZero() }, { head: "head", body: "rest" });
 * ```
 */
export const setToZero: () => GradientTransformation = registerFactory("tx.setToZero", () => ({
  init: () => [],
  update: (updates, state) => [mapTree(zerosLike, updates), state],
}));
