/** @file Adds Dropout to any model. */
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
  /** The name of the stream that the layers draw from. @defaultValue "dropout" */
  rngCollection?: string;
}

/**
 * A copy of a model with Dropout on the inputs of its Linear layers. The model itself stays
 * unchanged. Params keep their paths in the State (`hidden.kernel`). Each new layer adds its stream
 * (`hidden.dropout.rngs`). Shared layers stay shared.
 * @param model - Any value with Linear layers, at any depth of attributes, arrays, plain objects
 * and Maps. Subclasses of Linear are not replaced.
 * @param rate - The share of inputs to drop, in `[0, 1]`.
 * @returns The copy. Its new layers are not deterministic.
 * @throws RangeError for a rate outside `[0, 1]`, NnxError when no layer is left to transform.
 * @see Gal and Ghahramani 2016, https://proceedings.mlr.press/v48/gal16.html; probly's `dropout`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const rngs = new nnx.Rngs(0);
 * const net = [new nnx.Linear(64, 128, { rngs }), new nnx.Linear(128, 10, { rngs })] as const;
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
