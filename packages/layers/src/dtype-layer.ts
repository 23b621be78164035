/** @file The base class of layers with dtypes and without a kernel. */
import { Module } from "@nnxjs/nnx-core";
import { type DtypeOptions, dtypesOf, type FloatDtype, type PromoteDtype } from "./dtypes.ts";

/** A layer that promotes its inputs and parameters to one dtype. */
export abstract class DtypeLayer extends Module {
  readonly dtype: FloatDtype | null;
  readonly paramDtype: FloatDtype;
  readonly promoteDtype: PromoteDtype;

  /** @param options - The layer has checked them. */
  constructor(options: DtypeOptions) {
    super();
    const { dtype, paramDtype, promoteDtype } = dtypesOf(options);
    this.dtype = dtype;
    this.paramDtype = paramDtype;
    this.promoteDtype = promoteDtype;
  }
}
