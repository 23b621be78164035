/** @file What layers with dtypes and no kernel of their own have in common. */
import { Module } from "@nnxjs/nnx-core";
import { type DtypeOptions, dtypesOf, type FloatDtype, type PromoteDtype } from "./dtypes.ts";

/** A layer that brings its inputs and parameters to one dtype. */
export abstract class DtypeLayer extends Module {
  readonly dtype: FloatDtype | null;
  readonly paramDtype: FloatDtype;
  readonly promoteDtype: PromoteDtype;

  /** @param options - Checked by the layer. */
  constructor(options: DtypeOptions) {
    super();
    const { dtype, paramDtype, promoteDtype } = dtypesOf(options);
    this.dtype = dtype;
    this.paramDtype = paramDtype;
    this.promoteDtype = promoteDtype;
  }
}
