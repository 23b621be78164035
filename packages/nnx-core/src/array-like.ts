/** @file Arrays, by what they look like: tensors and keys, of whatever library. */

/** An array that may sit in a model without a Variable around it: a tensor, or a key. */
export interface ArrayLike {
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** Whether `x` has a shape and a dtype. */
export const isArrayLike = (x: unknown): x is ArrayLike =>
  typeof x === "object" &&
  x !== null &&
  "dtype" in x &&
  typeof x.dtype === "string" &&
  "shape" in x &&
  Array.isArray(x.shape);
