/**
 * @file Dtypes and precision: what their options may be, what they are by default, and what layers
 * do with them.
 */
import { registerFunction, NnxError } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { func, oneOf, type OptionChecks } from "./options.ts";
import { cast, type Tensor } from "@nnxjs/kernels/internal";

/** Dtypes that a layer can store and compute in: tensorflow.js has one floating dtype. */
export type FloatDtype = "float32";

/** How exact products are. tensorflow.js has one way; the value is kept for the record. */
export type Precision = "default" | "high" | "highest" | null;

/** Brings inputs and parameters to the dtype that is computed in. */
export type PromoteDtype = (
  operands: readonly (Tensor | null)[],
  options: { dtype: FloatDtype | null },
) => (Tensor | null)[];

/** Integer and bool operands become float32. @see `flax.nnx` `promote_dtype` */
export const promoteDtype: PromoteDtype = (operands) =>
  operands.map((operand) => (operand && operand.dtype !== "float32" ? cast(operand, "float32") : operand));

/** The dtypes of a layer that leaves their promotion to others; the names are Flax's. */
export interface FloatOptions {
  /** The dtype computed in. @defaultValue that of inputs and parameters */
  dtype?: FloatDtype | null;
  /** The dtype parameters are stored in. @defaultValue "float32" */
  paramDtype?: FloatDtype;
}

/** The dtypes of a layer; the names are Flax's. */
export interface DtypeOptions extends FloatOptions {
  /** @defaultValue integers and bools become float32 */
  promoteDtype?: PromoteDtype;
}

/** The dtypes of a layer that computes a product, and how exact it is; the names are Flax's. */
export interface ProductOptions extends DtypeOptions {
  /** Kept for the record: tensorflow.js has one precision. @defaultValue null */
  precision?: Precision;
  /** Passed to the function that computes the product, where given. @defaultValue null */
  preferredElementType?: FloatDtype | null;
}

/** @throws NnxError for a dtype that tensorflow.js has no numbers of. */
export function checkFloat(where: string, option: string, dtype: unknown): void {
  if (dtype === undefined || dtype === null || dtype === "float32") return;
  throw new NnxError(
    `${where}: expected ${option} "float32", got ${describe(dtype)}. ` +
      "It is tensorflow.js's only floating dtype; leave the option out.",
  );
}

export const FLOAT_CHECKS: OptionChecks<FloatOptions> = { dtype: checkFloat, paramDtype: checkFloat };
export const DTYPE_CHECKS: OptionChecks<DtypeOptions> = { ...FLOAT_CHECKS, promoteDtype: func };
export const PRODUCT_CHECKS: OptionChecks<ProductOptions> = {
  ...DTYPE_CHECKS,
  precision: oneOf("default", "high", "highest", null),
  preferredElementType: checkFloat,
};

/** All of these options, with the defaults where nothing is given. */
export function dtypesOf(options: ProductOptions): Required<ProductOptions> {
  const { dtype = null, paramDtype = "float32", precision = null, preferredElementType = null } = options;
  const { promoteDtype: promote = promoteDtype } = options;
  return { dtype, paramDtype, promoteDtype: promote, precision, preferredElementType };
}

/** Operands in the dtype that the layer computes in. */
export const promoted = <T extends readonly (Tensor | null)[]>(
  layer: { readonly promoteDtype: PromoteDtype; readonly dtype: FloatDtype | null },
  operands: readonly [...T],
): { [K in keyof T]: null extends T[K] ? Tensor | null : Tensor } =>
  // A promotion keeps the operands' number and order.
  layer.promoteDtype(operands, { dtype: layer.dtype }) as {
    [K in keyof T]: null extends T[K] ? Tensor | null : Tensor;
  };

/** What a function that computes a product is told about it. */
export interface ProductSettings {
  precision: Precision;
  /** Passed only where the layer has it. */
  preferredElementType?: FloatDtype;
}

/** The settings of a layer's product. */
export const settingsOf = ({
  precision,
  preferredElementType,
}: {
  readonly precision: Precision;
  readonly preferredElementType: FloatDtype | null;
}): ProductSettings => (preferredElementType === null ? { precision } : { precision, preferredElementType });

registerFunction("promoteDtype", promoteDtype);
