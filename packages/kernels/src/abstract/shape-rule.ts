/** @file What a rule for the shape of a kernel's result gets and gives. */
import type { TensorInfo } from "@tensorflow/tfjs-core";

/** A tensor without values. */
export type Shaped = Pick<TensorInfo, "shape" | "dtype">;
export type Inputs = Readonly<Record<string, Shaped>>;
/** The attributes of a kernel, whose types differ from kernel to kernel. */
export type Attrs = Readonly<Record<string, unknown>>;
/** Returns what a kernel returns: one tensor, or several. */
export type ShapeRule = (inputs: Inputs, attrs: Attrs) => Shaped | readonly Shaped[];

/** The first input. */
export const first = (inputs: Inputs): Shaped => Object.values(inputs)[0] as Shaped;

/** Axes as kernels take them. */
export type Axis = number | readonly number[] | null | undefined;

/** A shape in words. */
export const listed = (shape: readonly number[]): string => `[${shape.join(",")}]`;

/** Says that sizes do not fit. */
export const misfit = (what: string, got: string): Error =>
  new Error(
    `evalShape: expected ${what} to have sizes that fit, got ${got}. Check the shapes that go into the op.`,
  );

/** A shape that is an attribute. */
export const shapeIn = (attrs: Attrs): { shape: number[] } => ({
  shape: (attrs as { shape: number[] }).shape,
});
