/** @file Reads the reference numbers in conformance/golden, for tests. */
import { readFileSync } from "node:fs";

/** An array as the generator writes it: row-major, with `null` for NaN. */
export interface GoldenArray {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: readonly (number | null)[];
}

/** Reads a golden file. The caller gives the type that the generator script writes. */
export const readGolden = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../conformance/golden/${name}.json`, import.meta.url), "utf8")) as T;

/** Returns one case of flax.json. */
export const flaxCase = <T>(name: string): T => {
  const found = readGolden<{ cases: Record<string, T> }>("flax").cases[name];
  if (found === undefined) throw new Error(`flax.json: expected a case ${name}, got none.`);
  return found;
};

/** The values of an array, with NaN where the file has null. */
export const numbersOf = (array: GoldenArray): number[] => array.data.map((value) => value ?? Number.NaN);

/** The largest difference relative to the largest reference value. */
export function relativeError(values: ArrayLike<number>, reference: ArrayLike<number>): number {
  if (values.length !== reference.length) return Number.POSITIVE_INFINITY;
  let scale = 1e-30;
  let difference = 0;
  for (let i = 0; i < reference.length; i++) {
    const [value, wanted] = [values[i] as number, reference[i] as number];
    if (Number.isNaN(value) !== Number.isNaN(wanted)) return Number.POSITIVE_INFINITY;
    if (Number.isNaN(wanted)) continue;
    scale = Math.max(scale, Math.abs(wanted));
    difference = Math.max(difference, Math.abs(value - wanted));
  }
  return difference / scale;
}
