/** @file Any model, with Dropout. */
import { checkRate } from "@nnxjs/layers/internal";
import { DropoutLinear } from "./dropout-linear.ts";
import {
  checkTransform,
  LINEAR,
  replaceLayers,
  TRANSFORM_NAMES,
  type TransformOptions,
} from "./replace-linear.ts";

const NAMES = { ...TRANSFORM_NAMES, rngCollection: true } as const;

/** Options of {@link dropout}. */
export interface DropoutTransformOptions extends TransformOptions {
  /** The stream that the layers draw from. @defaultValue "dropout" */
  rngCollection?: string;
}

/**
 * A copy of a model with Dropout on the inputs of its Linear layers. The model itself is unharmed.
 * Paths of Params in the State stay (`hidden.kernel`); each new layer adds its stream
 * (`hidden.dropout.rngs`). Layers that are shared stay shared.
 * @param model - Anything with Linear layers in it, at any depth of attributes, arrays, plain
 * objects and Maps. Subclasses of Linear stay.
 * @param rate - The share of inputs that is dropped, in `[0, 1]`.
 * @returns the copy, in the mode that new layers have: not deterministic.
 * @throws RangeError for a rate outside `[0, 1]`, NnxError when no layer is left to transform.
 * @see Gal and Ghahramani 2016, https://proceedings.mlr.press/v48/gal16.html; probly's `dropout`
 * @example
 * ```ts
 * const net = [new nnx.Linear(64, 128, { rngs: new nnx.Rngs(0) }), new nnx.Linear(128, 10, { rngs: new nnx.Rngs(1) })] as const;
 * const stochastic = nnx.dropout(net, 0.5, { rngs: new nnx.Rngs(2), skipFirst: false });
 * ```
 */
export function dropout<M extends object>(model: M, rate: number, options: DropoutTransformOptions): M {
  checkTransform("dropout", options, NAMES);
  checkRate("dropout", rate);
  const { rngCollection = "dropout", ...which } = options;
  return replaceLayers(
    "dropout",
    model,
    which,
    rngCollection,
    LINEAR,
    (base, rngs) => new DropoutLinear(base, rate, { rngs, rngCollection }),
  );
}
