/** @file Cuts the values of Variables and arguments along an axis, and stacks them. */
import { noteMade } from "../program/host-value.ts";
import { hasAxes, sliceArray, stackArrays, type WordArray } from "../data/array-axes.ts";
import { type ArrayLike, isArrayLike } from "../data/array-like.ts";
import { containerFrom, containerKind, entriesOf } from "../data/containers.ts";
import { describe, StructureError } from "../errors.ts";
import type { FirstSlice } from "../program/batch/first-slice.ts";
import {
  isRecording,
  isTensor,
  sameShape,
  sliceAt,
  slicesAfterFirst,
  stackTensors,
  type Tensor,
  unstackTensor,
} from "../tensor.ts";

type Scalar = number | boolean;
/** Counts and flags of several things at once: lists of numbers, in lists for further axes. */
type Numbers = Scalar | readonly Numbers[];

const isScalar = (x: unknown): x is Scalar => typeof x === "number" || typeof x === "boolean";

/** Whether a value is a number or flag, or lists of these in one shape. */
function isNumbers(x: unknown): x is Numbers {
  if (isScalar(x)) return true;
  if (!Array.isArray(x) || x.length === 0 || !x.every(isNumbers)) return false;
  const shape = String(shapeOfNumbers(x[0] as Numbers));
  return x.every((each) => String(shapeOfNumbers(each)) === shape);
}

const shapeOfNumbers = (x: Numbers): number[] =>
  isScalar(x) ? [] : [x.length, ...shapeOfNumbers(x[0] as Numbers)];

const sliceNumbers = (x: readonly Numbers[], axis: number, index: number): Numbers =>
  axis === 0
    ? (x[index] as Numbers)
    : x.map((each) => sliceNumbers(each as readonly Numbers[], axis - 1, index));

const stackNumbers = (all: readonly Numbers[], axis: number): Numbers =>
  axis === 0
    ? all
    : (all[0] as readonly Numbers[]).map((_, i) =>
        stackNumbers(
          all.map((each) => (each as readonly Numbers[])[i] as Numbers),
          axis - 1,
        ),
      );

/** A tensor that is cut, and its first slice where that was asked for. */
export interface CutTensor {
  readonly whole: Tensor;
  readonly axis: number;
  readonly first: Tensor | undefined;
}

/** A value that is cut along an axis. */
export interface Cut {
  /** How many parts there are; `undefined` where nothing in the value has axes. */
  readonly size: number | undefined;
  /** @param late - Cuts the tensors of the first part, where nobody may need their values. */
  at(index: number, late?: FirstSlice): unknown;
  /** One part of other numbers like these, where the value is lists of numbers. */
  readonly partOf?: (numbers: unknown, index: number) => unknown;
  /** The keys and numbers of one part, in the order in which they stand in it. */
  hostAt(index: number): readonly unknown[];
  /** The tensors in the value that are cut. */
  readonly tensors: readonly CutTensor[];
}

/** Where a value is, for messages: the function and the place. */
export type Place = () => string;

/**
 * Cuts a value along an axis.
 * @param areNumbersData - Whether numbers in it are data, as in Variables, or the same everywhere,
 * as in arguments.
 * @throws {@link StructureError} for an array that does not have the axis, and for parts of
 * different sizes.
 */
export function cut(value: unknown, axis: number, place: Place, areNumbersData: boolean): Cut {
  if (isTensor(value)) return new TensorCut(value, axisIn(value.shape, axis, value, place));
  if (areNumbersData && isNumbers(value)) {
    const shape = shapeOfNumbers(value);
    const along = axisIn(shape, axis, value, place);
    const partOf = (numbers: unknown, index: number): Numbers =>
      sliceNumbers(numbers as readonly Numbers[], along, index);
    const at = (index: number): Numbers => partOf(value, index);
    return { size: shape[along], at, partOf, hostAt: (index) => numbersIn(at(index)), tensors: [] };
  }
  if (isArrayLike(value)) {
    const along = axisIn(value.shape, axis, value, place);
    if (!hasAxes(value)) return refuseArray(value, place);
    const slices: unknown[] = [];
    // One object for each slice: keys are told apart by identity.
    const at = (index: number): unknown => {
      slices[index] ??= sliceArray(value, along, index);
      return slices[index];
    };
    return { size: value.shape[along], at, hostAt: (index) => [at(index)], tensors: [] };
  }
  const kind = containerKind(value);
  if (kind === undefined) {
    const host = areNumbersData && typeof value === "number" ? [value] : [];
    return { size: undefined, at: () => value, hostAt: () => host, tensors: [] };
  }
  const items = entriesOf(value as object).map(
    ([key, item]) => [key, cut(item, axis, place, areNumbersData)] as const,
  );
  return {
    size: oneSize(
      items.map(([, item]) => item.size),
      place,
    ),
    at: (index, late) =>
      containerFrom(
        kind,
        items.map(([key, item]) => [key, item.at(index, late)] as const),
      ),
    hostAt: (index) => items.flatMap(([, item]) => item.hostAt(index)),
    tensors: items.flatMap(([, item]) => item.tensors),
  };
}

const numbersIn = (x: Numbers): readonly unknown[] => (Array.isArray(x) ? x.flatMap(numbersIn) : [x]);

/**
 * Larger slices are cut one by one, just before their use: then the processor's cache still has
 * them. Small slices take less time when all are cut at once.
 */
const mostElements = 4096;

/** The slices of a tensor. The first is cut by itself, since often no other is needed. */
class TensorCut implements Cut, CutTensor {
  readonly whole: Tensor;
  readonly axis: number;
  readonly tensors: readonly CutTensor[];
  first: Tensor | undefined;
  private others: Tensor[] | undefined;

  constructor(whole: Tensor, axis: number) {
    this.whole = whole;
    this.axis = axis;
    this.tensors = [this];
  }

  get size(): number {
    return this.whole.shape[this.axis] as number;
  }

  at(index: number, late?: FirstSlice): Tensor {
    const { whole, axis } = this;
    if (index === 0) {
      this.first ??= late ? late.cut(whole, axis) : sliceAt(whole, axis, 0);
      return this.first;
    }
    this.others ??= this.cutOthers();
    const made = this.others[index - 1] ?? sliceAt(whole, axis, index);
    this.others[index - 1] = made;
    return made;
  }

  /** The slices after the first; none where each is cut when it is asked for. */
  private cutOthers(): Tensor[] {
    const { whole, axis, size } = this;
    // Along other axes, and for a tape, one op cuts all of them.
    if (axis > 0 || isRecording()) return unstackTensor(whole, axis).slice(1);
    return whole.size <= mostElements * size ? slicesAfterFirst(whole) : [];
  }

  hostAt(): readonly unknown[] {
    return [];
  }
}

function oneSize(sizes: readonly (number | undefined)[], place: Place): number | undefined {
  const all = new Set(sizes.filter((size) => size !== undefined));
  if (all.size < 2) return [...all][0];
  throw new StructureError(
    `${place()}: expected one size along the axis, got ${[...all].join(", ")}. Choose another axis, null for what is not looped over.`,
  );
}

function axisIn(shape: readonly number[], axis: number, value: unknown, place: Place): number {
  const along = axis < 0 ? axis + shape.length : axis;
  if (along >= 0 && along < shape.length) return along;
  throw new StructureError(
    `${place()}: expected a value with an axis ${axis}, got ${describe(value)}. ` +
      "Choose the axes with { inAxes }, null for what is not looped over; splitRngs gives streams an axis.",
  );
}

const refuseArray = (value: ArrayLike, place: Place): never => {
  throw new StructureError(
    `${place()}: expected a tensor or keys, got ${describe(value)}. Only these can be cut along an axis.`,
  );
};

/** Says that parts do not fit together: `odd` is the part at `index`. */
export type Misfit = (odd: unknown, index: number) => Error;

/**
 * Stacks the values of a Variable along a new axis.
 * @throws what `misfit` makes, when the values differ in structure, shape or dtype, or differ where
 * nothing can be stacked.
 */
export function stackValues(values: readonly unknown[], axis: number, misfit: Misfit): unknown {
  const [first] = values;
  const fits = (test: (value: unknown) => boolean): void => {
    const odd = values.findIndex((value) => !test(value));
    if (odd >= 0) throw misfit(values[odd], odd);
  };
  if (isTensor(first)) {
    const { dtype, shape } = first;
    fits((value) => isTensor(value) && value.dtype === dtype && sameShape(value.shape, shape));
    return stackTensors(values as readonly Tensor[], stackAxis(shape, axis, first, misfit));
  }
  if (isNumbers(first)) {
    const shape = shapeOfNumbers(first);
    fits((value) => isNumbers(value) && String(shapeOfNumbers(value)) === String(shape));
    return stackNumbers(values as readonly Numbers[], stackAxis(shape, axis, first, misfit));
  }
  if (isArrayLike(first)) return stackKeys(values, first, axis, fits, misfit);
  const kind = containerKind(first);
  if (kind === undefined) {
    fits((value) => Object.is(value, first));
    return first;
  }
  const keys = entriesOf(first as object).map(([key]) => key);
  fits((value) => {
    if (containerKind(value) !== kind) return false;
    const own = new Map(entriesOf(value as object));
    return own.size === keys.length && keys.every((key) => own.has(key));
  });
  const items = values.map((value) => new Map(entriesOf(value as object)));
  const stacked = keys.map((key) => {
    const parts = items.map((each) => each.get(key));
    return [key, stackValues(parts, axis, misfit)] as const;
  });
  return containerFrom(kind, stacked);
}

/** The new axis, counted from the front. */
function stackAxis(shape: readonly number[], axis: number, value: unknown, misfit: Misfit): number {
  const along = axis < 0 ? axis + shape.length + 1 : axis;
  if (along < 0 || along > shape.length) throw misfit(value, 0);
  return along;
}

function stackKeys(
  values: readonly unknown[],
  first: ArrayLike,
  axis: number,
  fits: (test: (value: unknown) => boolean) => void,
  misfit: Misfit,
): unknown {
  const { dtype, shape } = first;
  if (!hasAxes(first)) {
    fits((value) => Object.is(value, first));
    return first;
  }
  fits((value) => isArrayLike(value) && value.dtype === dtype && sameShape(value.shape, shape));
  // All of them are arrays of the same dtype.
  const arrays = values as readonly WordArray[];
  const along = stackAxis(shape, axis, first, misfit);
  const stacked = stackArrays(arrays, along);
  noteMade(stacked, arrays, (...parts) => stackArrays(parts as WordArray[], along));
  return stacked;
}
