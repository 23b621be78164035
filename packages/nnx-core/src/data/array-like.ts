/** @file Recognises tensors and keys of any library by their shape and dtype. */
import { isPlainObject } from "./plain-object.ts";

/** An array that may sit in a model without a Variable around it: a tensor, or a key. */
export interface ArrayLike {
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** Whether `x` has the shape and dtype of an array, or describes one. */
export const hasShapeAndDtype = (x: object): x is ArrayLike =>
  "dtype" in x && typeof x.dtype === "string" && "shape" in x && Array.isArray(x.shape);

/** Whether `x` says a tensor's shape and dtype, and has no numbers, as in an abstract model. */
export const isAbstractArray = (x: unknown): boolean =>
  typeof x === "object" &&
  x !== null &&
  hasShapeAndDtype(x) &&
  !("dataId" in x) &&
  !("values" in x) &&
  !x.dtype.startsWith("key");

/**
 * Whether `x` is an instance of a class and has a shape and a dtype. A plain object with both only
 * describes an array.
 */
export const isArrayLike = (x: unknown): x is ArrayLike =>
  typeof x === "object" && x !== null && hasShapeAndDtype(x) && !isPlainObject(x);
