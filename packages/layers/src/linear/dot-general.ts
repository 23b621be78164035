/** @file The product that dense layers compute with, and the dtype rule in front of it. */
import { registerFunction, describe, NnxError } from "@nnxjs/nnx-core";
import { cast, matMul, reshape, type Tensor } from "@nnxjs/kernels/internal";

/** Dtypes that a layer can store and compute in: tensorflow.js has one floating dtype. */
export type FloatDtype = "float32";

/** How exact products are. tensorflow.js has one way; the value is kept for the record. */
export type Precision = "default" | "high" | "highest" | null;

/** What a `dotGeneral` of one's own gets besides the operands. */
export interface DotGeneralOptions {
  precision: Precision;
  /** Passed only where the layer has it. */
  preferredElementType?: FloatDtype;
}

/** Contracts the last axis of the inputs with the first of the kernel. */
export type DotGeneral = (inputs: Tensor, kernel: Tensor, options: DotGeneralOptions) => Tensor;

/** Brings inputs and parameters to the dtype that is computed in. */
export type PromoteDtype = (
  operands: readonly (Tensor | null)[],
  options: { dtype: FloatDtype | null },
) => (Tensor | null)[];

/** The last axis of `inputs` (any rank from 1) with the first of `kernel` (rank 2). @see `jax.lax.dot_general` */
export const dotGeneral: DotGeneral = (inputs, kernel) => {
  const flat = matMul(reshape(inputs, [-1, kernel.shape[0] as number]), kernel);
  return inputs.rank === 2 ? flat : reshape(flat, [...inputs.shape.slice(0, -1), kernel.shape[1] as number]);
};

/** Integer and bool operands become float32. @see `flax.nnx` `promote_dtype` */
export const promoteDtype: PromoteDtype = (operands) =>
  operands.map((operand) => (operand && operand.dtype !== "float32" ? cast(operand, "float32") : operand));

/** @throws NnxError for a dtype that tensorflow.js has no numbers of. */
export function checkFloat(where: string, option: string, dtype: unknown): void {
  if (dtype === undefined || dtype === null || dtype === "float32") return;
  throw new NnxError(
    `${where}: expected ${option} "float32", got ${describe(dtype)}. ` +
      "It is tensorflow.js's only floating dtype; leave the option out.",
  );
}

registerFunction("dotGeneral", dotGeneral);
registerFunction("promoteDtype", promoteDtype);
