/** @file Dtypes and precision: their options, defaults, and promotion. */
import { registerFunction, NnxError } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import { func, oneOf, type OptionChecks } from "./options.ts";
import { cast, type Tensor } from "@nnxjs/kernels/internal";

/** The dtypes in which a layer can store and compute. tensorflow.js has only one floating dtype. */
export type FloatDtype = "float32";

/** The precision of products. tensorflow.js has only one, so the value has no effect. */
export type Precision = "default" | "high" | "highest" | null;

/** Promotes inputs and parameters to the dtype of the computation. */
export type PromoteDtype = (
  operands: readonly (Tensor | null)[],
  options: { dtype: FloatDtype | null },
) => (Tensor | null)[];

/** Whole numbers and booleans as float32. @throws NnxError for complex numbers and text. */
function asFloats(operand: Tensor): Tensor {
  if (operand.dtype === "float32") return operand;
  if (operand.dtype === "int32" || operand.dtype === "bool") return cast(operand, "float32");
  throw new NnxError(
    `promoteDtype: expected float32, int32 or bool, got ${describe(operand)}. Take tf.real of complex numbers.`,
  );
}

/**
 * Integer and bool operands become float32. @see `flax.nnx` `promote_dtype`
 * @throws {@link NnxError} for complex numbers and text.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const [x, bias] = nnx.promoteDtype([tf.tensor1d([1, 2], "int32"), null], { dtype: null });
 * [x?.dtype, bias]; // => ["float32", null]
 * ```
 */
export const promoteDtype: PromoteDtype = (operands) =>
  operands.map((operand) => operand && asFloats(operand));

/** The dtypes of a layer whose parts promote their operands; the names are Flax's. */
export interface FloatOptions {
  /** The dtype of the computation. @defaultValue the dtype of inputs and parameters */
  dtype?: FloatDtype | null;
  /** The dtype of stored parameters. @defaultValue "float32" */
  paramDtype?: FloatDtype;
}

/** The dtypes of a layer; the names are Flax's. */
export interface DtypeOptions extends FloatOptions {
  /** @defaultValue integers and bools become float32 */
  promoteDtype?: PromoteDtype;
}

/** The dtypes of a layer that computes a product, and its precision; the names are Flax's. */
export interface ProductOptions extends DtypeOptions {
  /** Has no effect, because tensorflow.js has only one precision. @defaultValue null */
  precision?: Precision;
  /** Passed to the function that computes the product, if it is set. @defaultValue null */
  preferredElementType?: FloatDtype | null;
}

/** @throws NnxError for a floating dtype that tensorflow.js does not have. */
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

/** All of these options, with defaults for missing ones. */
export function dtypesOf(options: ProductOptions): Required<ProductOptions> {
  const { dtype = null, paramDtype = "float32", precision = null, preferredElementType = null } = options;
  const { promoteDtype: promote = promoteDtype } = options;
  return { dtype, paramDtype, promoteDtype: promote, precision, preferredElementType };
}

/** Promotes operands to the dtype in which the layer computes. */
export const promoted = <T extends readonly (Tensor | null)[]>(
  layer: { readonly promoteDtype: PromoteDtype; readonly dtype: FloatDtype | null },
  operands: readonly [...T],
): { [K in keyof T]: null extends T[K] ? Tensor | null : Tensor } =>
  // Promotion keeps the number and the order of the operands.
  layer.promoteDtype(operands, { dtype: layer.dtype }) as {
    [K in keyof T]: null extends T[K] ? Tensor | null : Tensor;
  };

/** The settings that a function that computes a product receives. */
export interface ProductSettings {
  precision: Precision;
  /** Passed only if the layer sets it. */
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
