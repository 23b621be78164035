/** @file What the parameters of all layers have in common. */
import { type Metadata, Param } from "@nnxjs/nnx-core";
import type { Initializer, Rngs } from "@nnxjs/rnglib";
import type { FloatDtype, PromoteDtype } from "./linear/dot-general.ts";
import { type Tensor, tidy } from "./tensor.ts";

/** The dtypes of a layer; the names are Flax's. */
export interface DtypeOptions {
  /** The dtype computed in. @defaultValue that of inputs and parameters */
  dtype?: FloatDtype | null;
  /** The dtype parameters are stored in. @defaultValue "float32" */
  paramDtype?: FloatDtype;
  /** @defaultValue integers and bools become float32 */
  promoteDtype?: PromoteDtype;
}

/** A parameter from the next `params` key. Layers call this in Flax's order, so that what is drawn is Flax's. What the initializer leaves behind is freed. */
export const drawParam = (
  init: Initializer,
  rngs: Rngs,
  shape: readonly number[],
  dtype: FloatDtype,
  metadata?: Metadata,
): Param<Tensor> =>
  new Param(
    tidy(() => init(rngs.nextKey("params"), shape, dtype)),
    metadata,
  );
