/** @file What batches are made of, and the types that come out. */
import type { Tensor } from "@nnxjs/kernels/internal";
import type { TensorOfAxes } from "@nnxjs/rnglib/internal";
import type { ArrayData, NumberArray } from "./numbers.ts";

/** A number, boolean, array or tensor, or an object of these: one example. */
export type ExampleRecord =
  | number
  | boolean
  | NumberArray
  | ArrayData
  | Tensor
  | readonly ExampleRecord[]
  | { readonly [name: string]: ExampleRecord };

/**
 * All examples: an array whose first axis is theirs, a tensor, a list of records, or an object of
 * these.
 */
export type BatchData =
  | NumberArray
  | ArrayData
  | Tensor
  | readonly ExampleRecord[]
  | { readonly [name: string]: BatchData };

type Function = (...args: never) => unknown;

/**
 * `R`, where it is an {@link ExampleRecord}; what is none has that type instead, so that it does not
 * fit. An index signature would refuse interfaces.
 */
export type FittingRecord<R> = R extends number | boolean | NumberArray | ArrayData | Tensor
  ? R
  : R extends Function
    ? ExampleRecord
    : R extends readonly (infer E)[]
      ? readonly FittingRecord<E>[]
      : R extends object
        ? { readonly [K in keyof R]: FittingRecord<R[K]> }
        : ExampleRecord;

/** `D`, where it is {@link BatchData}, in the way of {@link FittingRecord}. */
export type FittingData<D> = D extends NumberArray | ArrayData | Tensor
  ? D
  : D extends Function
    ? BatchData
    : D extends readonly (infer R)[]
      ? readonly FittingRecord<R>[]
      : D extends object
        ? { readonly [K in keyof D]: FittingData<D[K]> }
        : BatchData;

/** The axes of a record that becomes one tensor; `never` for an object of several. */
type AxesOf<R> = R extends number | boolean
  ? []
  : R extends NumberArray | readonly (number | boolean)[]
    ? [number]
    : R extends { readonly data: NumberArray; readonly shape: infer S extends readonly number[] }
      ? S
      : R extends Tensor
        ? R["shape"]
        : R extends readonly (infer E)[]
          ? readonly [number, ...AxesOf<E>]
          : never;

/** What records of type `R` are as a batch: tensors with one axis more, in objects as they were. */
export type Collated<R> = [AxesOf<R>] extends [never]
  ? { readonly [K in keyof R]: Collated<R[K]> }
  : TensorOfAxes<readonly [number, ...AxesOf<R>]>;

/** What data of type `D` are as a batch. */
export type BatchOf<D> = D extends Tensor
  ? D
  : D extends NumberArray
    ? TensorOfAxes<readonly [number]>
    : D extends { readonly data: NumberArray; readonly shape: infer S extends readonly number[] }
      ? TensorOfAxes<S>
      : D extends readonly (infer R)[]
        ? Collated<R>
        : { readonly [K in keyof D]: BatchOf<D[K]> };
