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

/**
 * Whether `x` is an instance of a class and has a shape and a dtype. A plain object with both only
 * describes an array.
 */
export const isArrayLike = (x: unknown): x is ArrayLike =>
  typeof x === "object" && x !== null && hasShapeAndDtype(x) && !isPlainObject(x);

/**
 * How arrays other than tensors are cut along an axis and put together again. An array offers it
 * under {@link arrayAxes}, so that this package need not know its class.
 */
export interface ArrayAxes<T = unknown> {
  /** The part at an index along an axis, without that axis. The axis is not negative. */
  slice(array: T, axis: number, index: number): T;
  /** Arrays of one shape along a new axis. */
  stack(arrays: readonly T[], axis: number): T;
}

/** The name under which an array offers {@link ArrayAxes}. Keys of random numbers do. */
export const arrayAxes: unique symbol = Symbol.for("@nnxjs/nnx-core.arrayAxes") as never;

/** What an array offers under {@link arrayAxes}. */
export const axesOf = (array: ArrayLike): ArrayAxes | undefined =>
  (array as { readonly [arrayAxes]?: ArrayAxes })[arrayAxes];
