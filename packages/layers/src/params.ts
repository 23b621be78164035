/** @file What the parameters of all layers have in common. */
import { describe, type Metadata, NnxError, Param } from "@nnxjs/nnx-core";
import { type Initializer, Rngs } from "@nnxjs/rnglib";
import { shapeText } from "./checks.ts";
import type { FloatDtype, PromoteDtype } from "./linear/dot-general.ts";
import { isTensor, type Tensor, tidy } from "./tensor.ts";

/** The dtypes of a layer; the names are Flax's. */
export interface DtypeOptions {
  /** The dtype computed in. @defaultValue that of inputs and parameters */
  dtype?: FloatDtype | null;
  /** The dtype parameters are stored in. @defaultValue "float32" */
  paramDtype?: FloatDtype;
  /** @defaultValue integers and bools become float32 */
  promoteDtype?: PromoteDtype;
}

/** A parameter from the next `params` key. Layers call this in Flax's order, so that what is drawn is Flax's. What the initializer leaves behind is freed. @throws TypeError without Rngs, NnxError for an initializer that returns another shape. */
export function drawParam(
  init: Initializer,
  rngs: Rngs,
  shape: readonly number[],
  dtype: FloatDtype,
  metadata?: Metadata,
): Param<Tensor> {
  if (!(rngs instanceof Rngs)) {
    throw new TypeError(
      `drawParam: expected rngs to be Rngs, got ${describe(rngs)}. Pass { rngs: new Rngs(0) } to the layer's constructor.`,
    );
  }
  const value = tidy(() => init(rngs.nextKey("params"), shape, dtype));
  if (isTensor(value) && String(value.shape) === String(shape)) return new Param(value, metadata);
  throw new NnxError(
    `drawParam: expected the initializer to return a tensor of shape ${shapeText(shape)}, got ${describe(value)}. ` +
      "An initializer is called with (key, shape, dtype).",
  );
}
