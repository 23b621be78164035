/** @file Arrays, by what they look like: tensors and keys, of whatever library. */

/** An array that may sit in a model without a Variable around it: a tensor, or a key. */
export interface ArrayLike {
  readonly shape: readonly number[];
  readonly dtype: string;
}

const isPlain = (x: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(x);
  return prototype === Object.prototype || prototype === null;
};

/** Whether `x` is an object of some class with a shape and a dtype; a plain object with these only describes an array. */
export const isArrayLike = (x: unknown): x is ArrayLike =>
  typeof x === "object" &&
  x !== null &&
  "dtype" in x &&
  typeof x.dtype === "string" &&
  "shape" in x &&
  Array.isArray(x.shape) &&
  !isPlain(x);
