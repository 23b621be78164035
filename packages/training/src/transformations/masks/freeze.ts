/** @file Parameters that stay as they are. */
import { registerFactory } from "@nnxjs/nnx-core";
import { checkOptions } from "@nnxjs/nnx-core/internal";
import { mapFlags } from "../../tree/select.ts";
import { flagsOf, type Mask } from "./mask.ts";
import { maskedBy } from "./masked.ts";
import { partition } from "./partition.ts";
import { setToZero } from "../stateless.ts";
import type { GradientTransformation } from "../transformation.ts";

/**
 * Zeros as updates where the mask is true; other updates pass as they are.
 * @param mask - True for what is frozen.
 * @see `optax.freeze`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.chain(nnx.adam(1e-3), nnx.freeze(nnx.pathContains("encoder")));
 * ```
 */
export const freeze: (mask: Mask) => GradientTransformation = registerFactory("tx.freeze", (mask) =>
  maskedBy("freeze", setToZero(), mask),
);

/** Options of {@link selectiveTransform}. */
export interface SelectiveTransformOptions {
  /** Which parameters stay as they are. */
  freezeMask: Mask;
}

/** The labels of {@link selectiveTransform}. */
const trainOrFreeze = registerFactory(
  "tx.trainOrFreeze",
  (mask: Mask) => (params: Parameters<GradientTransformation["init"]>[0]) =>
    mapFlags((frozen) => (frozen ? "freeze" : "train"), flagsOf("selectiveTransform", mask, params)),
);

/**
 * The optimizer for the parameters that are not frozen, zeros for the others; it remembers nothing
 * about those.
 * @param optimizer - The transformation for what is not frozen.
 * @see `optax.selective_transform`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const tx = nnx.selectiveTransform(nnx.adam(1e-3), { freezeMask: { encoder: true, head: false } });
 * ```
 */
export const selectiveTransform: (
  optimizer: GradientTransformation,
  options: SelectiveTransformOptions,
) => ReturnType<typeof partition> = registerFactory("tx.selectiveTransform", (optimizer, options) => {
  checkOptions<SelectiveTransformOptions>("selectiveTransform", options, { freezeMask: true });
  return partition({ train: optimizer, freeze: setToZero() }, trainOrFreeze(options.freezeMask));
});
