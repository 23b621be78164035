/** @file How a kernel is run once for many slices. */
import { callKernel, inShape, type Tensor } from "../../tensor.ts";
import type { ValueInfo } from "../program.ts";

/** An input of a kernel: one tensor for all slices, or the tensors of all along a first axis. */
export interface Operand {
  readonly tensor: Tensor;
  readonly isBatched: boolean;
  /** The shape of one slice's. */
  readonly shape: readonly number[];
}

/** A kernel to run for all slices. One input at least is batched. */
export interface BatchCall {
  readonly name: string;
  /** How many slices there are. */
  readonly size: number;
  /** By name; empty where the kernel takes a list. */
  readonly named: Readonly<Record<string, Operand>>;
  readonly inputs: readonly Operand[];
  readonly attrs: Readonly<Record<string, unknown>>;
  /** What one slice gives. */
  readonly outputs: readonly ValueInfo[];
}

/**
 * Runs a kernel for all slices.
 * @returns the results of all along a first axis; undefined where the rule does not know how.
 */
export type BatchRule = (call: BatchCall) => Tensor | readonly Tensor[] | undefined;

/** The operand of all slices along a first axis. */
export function whole({ tensor, isBatched, shape }: Operand, size: number): Tensor {
  if (isBatched) return tensor;
  const reps = [size, ...shape.map(() => 1)];
  return callKernel("Tile", { x: inShape(tensor, [1, ...shape]) }, { reps }) as Tensor;
}

/** The operand with axes of size 1 after the first, as broadcasting to a slice's rank needs. */
export const aligned = ({ tensor, isBatched, shape }: Operand, rank: number, size: number): Tensor =>
  !isBatched || shape.length >= rank
    ? tensor
    : inShape(tensor, [size, ...new Array<number>(rank - shape.length).fill(1), ...shape]);

/** The operand with the slices' first axes and the batch as one axis. */
export const folded = (operand: Operand, size: number): Tensor => {
  const [first = 1, ...rest] = operand.shape;
  return inShape(whole(operand, size), [size * first, ...rest]);
};

/** A kernel with one result. */
export const call = (name: string, inputs: Readonly<Record<string, Tensor>>, attrs: object = {}): Tensor =>
  callKernel(name, inputs, attrs) as Tensor;

/** An axis of a slice, counted from the end where it is negative, as an axis of the whole. */
export const shifted = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis) + 1;

/** One operand, by the kernel's name for it. */
export const operand = ({ named }: BatchCall, name: string): Operand => named[name] as Operand;
