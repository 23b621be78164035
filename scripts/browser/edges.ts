/** @file JAX's values at the edges of float32 and int32, and what is as good as these on a GPU. */
import type * as tf from "@tensorflow/tfjs-core";
import { tidy } from "@tensorflow/tfjs-core";
import { inject } from "vitest";
import { readGolden } from "../golden.ts";

/** What is not finite, and -0, stands as text. */
export type Values = readonly (number | string)[];
type Group = Readonly<Record<string, Values>>;
export interface Golden {
  readonly floats: Values;
  readonly integers: readonly number[];
  readonly powers: readonly number[];
  readonly rows: Values;
  readonly masked: Values;
  readonly ofFloats: Group;
  readonly ofFloatPairs: Group;
  readonly floors: Values;
  readonly ofIntegers: Group;
  readonly ofIntegerPairs: Group;
  readonly floorDiv: readonly number[];
  readonly integerPowers: readonly number[];
  readonly addBools: readonly number[];
  readonly ofRows: Group;
  readonly ofMasked: Group;
}
export const golden: Golden = readGolden<Golden>("edges-kernels");
export const isWebgl: boolean = inject("backend") === "webgl";

const texts: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Infinity,
  "-inf": -Infinity,
  "-0.0": -0,
};
export const numbers = (values: Values): number[] =>
  values.map((v) => (typeof v === "number" ? v : texts[v]!));

/** Below it, numbers are not normal, and GPUs take them for 0. */
export const NORMAL = 2 ** -126;
export const isClose = (found: number, wanted: number, tolerance: number): boolean =>
  found === wanted ||
  (Number.isNaN(found) && Number.isNaN(wanted)) ||
  (Number.isFinite(wanted) && Math.abs(found - wanted) <= tolerance * Math.abs(wanted)) ||
  (Math.abs(wanted) < 2 * NORMAL && Math.abs(found) < 2 * NORMAL);

export async function valuesOf(run: () => tf.Tensor): Promise<number[]> {
  const y = tidy(run);
  try {
    return [...(await y.data())];
  } finally {
    y.dispose();
  }
}
