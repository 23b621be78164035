/** @file Any model, with DropConnect. */
import { checkRate, DropConnectLinear, type DropConnectMasks, type DropConnectScaling } from "@nnxjs/layers";
import { replaceLinears, type TransformOptions } from "./replace-linear.ts";

/** Options of {@link dropconnect}. */
export interface DropConnectOptions extends TransformOptions {
  /** The stream that the layers draw from. @defaultValue "dropconnect" */
  rngCollection?: string;
  /** See `DropConnectLinear`. @defaultValue "training" */
  scaling?: DropConnectScaling;
  /** See `DropConnectLinear`. @defaultValue "batch" */
  masks?: DropConnectMasks;
}

/**
 * A copy of a model whose Linear layers drop weights, for training with DropConnect or for sampling a model that was trained without. The
 * model itself is unharmed. Paths in the State stay (`hidden.kernel`), so that weights of the original fit; each new layer adds its stream
 * (`hidden.rngs`). Layers that are shared stay shared; DropConnectLinear layers that are there already stay as they are.
 * @param model - Anything with Linear layers in it, at any depth of attributes, arrays, plain objects and Maps. Subclasses of Linear stay.
 * @param rate - The share of weights that is dropped, in `[0, 1]`.
 * @returns the copy, in the mode that new layers have: not deterministic.
 * @throws RangeError for a rate outside `[0, 1]`, NnxError when no layer is left to transform.
 * @see Wan et al. 2013, https://proceedings.mlr.press/v28/wan13.html; Mobiny et al. 2021, https://doi.org/10.1038/s41598-021-84854-x;
 * probly's `dropconnect`
 * @example
 * ```ts
 * const net = [new nnx.Linear(64, 128, { rngs: new nnx.Rngs(0) }), new nnx.Linear(128, 10, { rngs: new nnx.Rngs(1) })] as const;
 * const stochastic = nnx.dropconnect(net, 0.25, { rngs: new nnx.Rngs(2) });
 * stochastic[1] instanceof nnx.DropConnectLinear; // true; the first layer is not
 * ```
 */
export function dropconnect<M extends object>(model: M, rate: number, options: DropConnectOptions): M {
  checkRate("dropconnect", rate);
  const { rngCollection = "dropconnect", scaling = "training", masks = "batch", ...which } = options;
  return replaceLinears(
    "dropconnect",
    model,
    which,
    rngCollection,
    (base, rngs) => new DropConnectLinear(base, rate, { rngs, rngCollection, scaling, masks }),
  );
}
