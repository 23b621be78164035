/** @file The golden numbers, and functions to compare programs with them. */
import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";

type Written = number | "NaN" | "Infinity" | "-Infinity";

/** A tensor in the golden file. */
export interface Numbers {
  readonly shape: number[];
  readonly data: readonly Written[];
}

/** A program in the golden file. */
export interface Golden {
  readonly name: string;
  readonly inputs: readonly Numbers[];
  readonly ints: readonly Numbers[];
  readonly value: Numbers;
  readonly dy: Numbers;
  readonly gradients: readonly Numbers[];
  readonly directions?: readonly Numbers[];
  readonly second?: readonly Numbers[];
}

const file = new URL("../../../conformance/golden/gradients.json", import.meta.url);
const { programs } = JSON.parse(readFileSync(file, "utf8")) as { programs: Golden[] };

/** The golden numbers by the name of the program. */
export const golden: ReadonlyMap<string, Golden> = new Map(
  programs.map((program) => [program.name, program]),
);

/** The values as numbers, with "NaN" and the infinities parsed. */
export const valuesOf = ({ data }: Numbers): number[] => data.map(Number);

/** The tensor with these numbers. */
export const tensorOf = (numbers: Numbers, dtype: "float32" | "int32" = "float32"): Tensor =>
  tf.tensor(valuesOf(numbers), numbers.shape, dtype);

/** The gradients of the sum of `dy * f(xs)`, with zeros for inputs that have none. */
export function vjp(f: (...xs: Tensor[]) => Tensor, xs: Tensor[], dy: Tensor): Tensor[] {
  const { value, grads } = tf.engine().gradients(() => f(...xs), xs, dy, true);
  value.dispose();
  return grads.map((g, i) => (g as Tensor | undefined) ?? tf.zerosLike(xs[i]!));
}

/** The gradients of the sum of `directions * vjp(f)`. */
export function secondVjp(
  f: (...xs: Tensor[]) => Tensor,
  xs: Tensor[],
  dy: Tensor,
  directions: readonly Tensor[],
): Tensor[] {
  const along = (...inputs: Tensor[]): Tensor =>
    tf.addN(vjp(f, inputs, dy).map((g, i) => tf.sum(tf.mul(g, directions[i]!))));
  return vjp(along, xs, tf.scalar(1));
}
