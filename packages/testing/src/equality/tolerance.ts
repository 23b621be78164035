/** @file When two numbers count as equal. */
import { NnxError } from "@nnxjs/nnx-core";
import { isPlainObject } from "@nnxjs/nnx-core/internal";

/**
 * When two numbers count as equal. `"bits"`: the same number, and 0 is not -0. `{ ulp: n }`: at most
 * `n` float32 numbers apart. `{ relative, absolute }`: |a - b| <= absolute + relative · |expected|.
 * NaN equals NaN in all of them, and infinities equal themselves only.
 */
export type Tolerance =
  | "bits"
  | { readonly ulp: number }
  | { readonly relative: number; readonly absolute?: number };

/** Whether a number counts as equal to the expected one. */
export type IsNear = (actual: number, expected: number) => boolean;

const words = new Int32Array(1);
const floats = new Float32Array(words.buffer);

/** The position of a float32 among all float32 numbers in their order. 0 and -0 have the same one. */
function orderOf(x: number): number {
  floats[0] = x;
  const word = words[0]!;
  return word < 0 ? -(word & 0x7fffffff) : word;
}

/**
 * How many float32 numbers `a` and `b` are apart. Infinite where only one of them is NaN.
 * @example
 * ```ts
 * import { ulpsBetween } from "@nnxjs/testing";
 *
 * ulpsBetween(1, 1 + 2 ** -23); // => 1
 * ulpsBetween(0, -0); // => 0
 * ```
 */
export function ulpsBetween(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b))
    return Number.isNaN(a) && Number.isNaN(b) ? 0 : Number.POSITIVE_INFINITY;
  return Math.abs(orderOf(a) - orderOf(b));
}

const notNegative = (x: unknown): x is number => typeof x === "number" && x >= 0;

/** The comparison that a tolerance means. @throws {@link NnxError} for anything else. */
export function nearBy(where: string, given: Tolerance): IsNear {
  // Programs without types pass anything.
  const tolerance: Tolerance | null = given;
  if (tolerance === "bits") return Object.is;
  if (isPlainObject(tolerance)) {
    if ("ulp" in tolerance && notNegative(tolerance.ulp)) {
      const { ulp } = tolerance;
      return (a, b) =>
        Number.isFinite(a) && Number.isFinite(b) ? ulpsBetween(a, b) <= ulp : Object.is(a, b);
    }
    if ("relative" in tolerance) {
      const { relative, absolute = 0 } = tolerance;
      if (notNegative(relative) && notNegative(absolute)) {
        return (a, b) =>
          Object.is(a, b) ||
          a === b ||
          (Number.isFinite(b) && Math.abs(a - b) <= absolute + relative * Math.abs(b));
      }
    }
  }
  throw new NnxError(
    `${where}: expected "bits", { ulp } or { relative, absolute } with numbers from 0, got ${JSON.stringify(given)}. ` +
      'Write { relative: 1e-5 }, or "bits" for equal numbers.',
  );
}
