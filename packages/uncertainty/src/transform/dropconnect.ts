/** @file Adds DropConnect to any model. */
import {
  Conv,
  DropConnectConv,
  DropConnectLinear,
  type DropConnectMasks,
  type DropConnectScaling,
  Linear,
} from "@nnxjs/layers";
import { checkRate } from "@nnxjs/layers/internal";
import {
  checkTransform,
  LINEAR,
  type Replaceable,
  replaceLayers,
  TRANSFORM_NAMES,
  type TransformOptions,
} from "./replace-linear.ts";

const NAMES = { ...TRANSFORM_NAMES, rngCollection: true, scaling: true, masks: true, conv: true } as const;

/** Options of {@link dropconnect}. */
export interface DropConnectOptions extends TransformOptions {
  /** The name of the stream that the layers draw from. @defaultValue "dropconnect" */
  rngCollection?: string;
  /** See `DropConnectLinear`. @defaultValue "training" */
  scaling?: DropConnectScaling;
  /** See `DropConnectLinear`. @defaultValue "batch" */
  masks?: DropConnectMasks;
  /**
   * Whether to turn Conv layers into `DropConnectConv` too. They have one mask per call.
   * @defaultValue false
   */
  conv?: boolean;
}

const LINEAR_OR_CONV: Replaceable<Linear | Conv> = { name: "Linear or Conv", classes: [Linear, Conv] };

/**
 * A copy of a model whose Linear layers drop weights, and Conv layers too with `conv: true`. Use it
 * to train with DropConnect, or to sample a model that was trained without. The model itself stays
 * unchanged. Params keep their paths in the State (`hidden.kernel`), so weights of the original
 * fit. Each new layer adds its stream (`hidden.rngs`). Shared layers stay shared. Existing
 * DropConnectLinear layers stay as they are.
 * @param model - Any value with Linear layers, at any depth of attributes, arrays, plain objects
 * and Maps. Subclasses of Linear are not replaced.
 * @param rate - The share of weights to drop, in `[0, 1]`.
 * @returns The copy. Its new layers are not deterministic.
 * @throws RangeError for a rate outside `[0, 1]`, NnxError when no layer is left to transform.
 * @see Wan et al. 2013, https://proceedings.mlr.press/v28/wan13.html; Mobiny et al. 2021,
 * https://doi.org/10.1038/s41598-021-84854-x; probly's `dropconnect`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const rngs = new nnx.Rngs(0);
 * const net = [new nnx.Linear(64, 128, { rngs }), new nnx.Linear(128, 10, { rngs })] as const;
 * const stochastic = nnx.dropconnect(net, 0.25, { rngs: new nnx.Rngs(2) });
 * stochastic[1] instanceof nnx.DropConnectLinear; // true; the first layer is not
 * ```
 */
export function dropconnect<M extends object>(model: M, rate: number, options: DropConnectOptions): M {
  checkTransform("dropconnect", options, NAMES);
  checkRate("dropconnect", rate);
  const {
    rngCollection = "dropconnect",
    scaling = "training",
    masks = "batch",
    conv = false,
    ...which
  } = options;
  if (conv && masks === "example") {
    throw new TypeError(
      'dropconnect: expected masks "batch" with conv, got "example". Convolutions have one mask per call: leave out one of the two.',
    );
  }
  return replaceLayers(
    "dropconnect",
    model,
    which,
    rngCollection,
    conv ? LINEAR_OR_CONV : LINEAR,
    (base: Linear | Conv, rngs) =>
      base instanceof Linear
        ? new DropConnectLinear(base, rate, { rngs, rngCollection, scaling, masks })
        : new DropConnectConv(base, rate, { rngs, rngCollection, scaling }),
  );
}
