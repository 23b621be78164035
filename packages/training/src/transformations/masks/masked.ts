/** @file A transformation for some of the parameters. */
import { registerFactory } from "@nnxjs/nnx-core";
import { checkOptions } from "@nnxjs/nnx-core/internal";
import { type Flags, graft, haveSamePaths, prune } from "../../tree/select.ts";
import type { Tree } from "../../tree/tree.ts";
import { checkMask, flagsOf, type Mask } from "./mask.ts";
import {
  checkTransformation,
  type ExtraArgs,
  type GradientTransformation,
  type TransformationState,
} from "../transformation.ts";

/** Options of {@link masked} and `partition`. */
export interface MaskedOptions {
  /**
   * Leave the same parameters out of extra arguments that have the parameters' paths.
   * @defaultValue false
   */
  maskCompatibleExtraArgs?: boolean;
}

/** What the inner transformation remembers, of its parameters alone. */
type MaskedState = { readonly innerState: TransformationState };

/**
 * A transformation for some of the parameters. The others' updates pass as they are, and nothing is
 * remembered about them.
 * @param inner - The transformation for what the mask selects.
 * @param mask - A function is asked once in each step.
 * @throws StructureError for what is no transformation; and with the path, where the mask says
 * neither true nor false, or the inner transformation returns other paths.
 * @see `optax.masked`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * // Only what has two axes or more decays: no bias, no scale of a norm. The same for this model:
 * // nnx.not(nnx.pathContains("bias")).
 * const decay = nnx.masked(nnx.addDecayedWeights(0.01), (params) => nnx.mapTree((p) => p.rank > 1, params));
 * const model = new nnx.Linear(2, 3, { rngs: new nnx.Rngs(0) });
 * const optimizer = new nnx.Optimizer(model, nnx.chain(decay, nnx.adam(1e-3)));
 * ```
 */
export const masked: (
  inner: GradientTransformation,
  mask: Mask,
  options?: MaskedOptions,
) => GradientTransformation<MaskedState> = registerFactory("tx.masked", (inner, mask, options = {}) => {
  checkTransformation("masked", inner);
  checkMask("masked", "mask", mask);
  checkOptions<MaskedOptions>("masked", options, { maskCompatibleExtraArgs: true });
  return maskedWith("masked", inner, (params) => flagsOf("masked", mask, params), options);
});

/** As {@link masked}, called by another name. `null` masks nothing: it is the transformation itself. */
export const maskedBy = (
  where: string,
  inner: GradientTransformation,
  mask: Mask | null,
): GradientTransformation =>
  mask === null ? inner : maskedWith(where, inner, (params) => flagsOf(where, mask, params), {});

/** As {@link masked}, called by another name, with flags for every parameter. */
export function maskedWith(
  where: string,
  inner: GradientTransformation,
  flagsFor: (params: Tree) => Flags,
  { maskCompatibleExtraArgs = false }: MaskedOptions,
): GradientTransformation<MaskedState> {
  return {
    init: (params) => ({ innerState: inner.init(prune(where, "params", params, flagsFor(params))) }),
    update: (updates, { innerState }, params, extra) => {
      const flags = flagsFor(params);
      const [given, next] = inner.update(
        prune(where, "updates", updates, flags),
        innerState,
        prune(where, "params", params, flags),
        maskCompatibleExtraArgs && extra ? pruneExtra(where, extra, params, flags) : extra,
      );
      return [graft(where, updates, flags, given), { innerState: next }];
    },
  };
}

const pruneExtra = (where: string, extra: ExtraArgs, params: Tree, flags: Flags): ExtraArgs =>
  Object.fromEntries(
    Object.entries(extra).map(([name, value]) => [
      name,
      haveSamePaths(params, value) ? prune(where, name, value as Tree, flags) : value,
    ]),
  );
