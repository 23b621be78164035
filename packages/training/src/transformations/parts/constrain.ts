/** @file Updates that keep parameters and themselves within bounds. */
import {
  add,
  cast,
  greater,
  less,
  neg,
  notEqual,
  scalar,
  sum,
  where,
  zerosLike,
} from "@nnxjs/kernels/internal";
import { registerFactory } from "@nnxjs/nnx-core";
import { checkAlike, mapTree, type Tree } from "../../tree/tree.ts";
import type { GradientTransformation } from "../transformation.ts";

/**
 * Keeps parameters at 0 or above: where a step would go below, it ends at 0. Last in a chain.
 * @throws StructureError in a step in which updates are not like the parameters.
 * @see `optax.keep_params_nonnegative`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.chain(nnx.adam(1e-2), nnx.keepParamsNonnegative());
 * ```
 */
export const keepParamsNonnegative: () => GradientTransformation = registerFactory(
  "tx.keepParamsNonnegative",
  () => ({
    init: () => [],
    update: (updates, state, params) => {
      checkAlike("keepParamsNonnegative", { params, updates });
      return [mapTree((u, p) => where(less(add(p, u), 0), neg(p), u), updates, params), state];
    },
  }),
);

/** Whether each parameter's update had a NaN in the last step, scalars of dtype bool. */
type ZeroNansState = { readonly foundNan: Tree };

/**
 * Replaces NaN by 0. The state says where there was one; it stays on the device.
 * @see `optax.zero_nans`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.chain(nnx.zeroNans(), nnx.adam(1e-3));
 * ```
 */
export const zeroNans: () => GradientTransformation<ZeroNansState> = registerFactory("tx.zeroNans", () => ({
  init: (params) => ({ foundNan: mapTree(() => scalar(false, "bool"), params) }),
  update: (updates) => [
    mapTree((u) => where(notEqual(u, u), zerosLike(u), u), updates),
    { foundNan: mapTree((u) => greater(sum(cast(notEqual(u, u), "float32")), 0), updates) },
  ],
}));
