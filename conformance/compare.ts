/** @file Functions with which tests compare with the golden files in this folder. */
import { readFileSync } from "node:fs";

/**
 * Returns the content of `golden/<name>.json`. The caller gives its type, which `<name>.py`
 * defines.
 */
export function readGolden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`./golden/${name}.json`, import.meta.url), "utf8")) as T;
}

/** The SHA-256 of the bytes of an array, in hexadecimal. */
export async function sha256(array: ArrayBufferView): Promise<string> {
  const bytes = Uint8Array.from(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The number of float32 steps between two numbers: 0 for two NaN, infinite for NaN and a number.
 */
export function ulpDistance(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b))
    return Number.isNaN(a) && Number.isNaN(b) ? 0 : Number.POSITIVE_INFINITY;
  const order = (x: number): number => {
    const bits = new Int32Array(Float32Array.of(x).buffer)[0]!;
    return bits < 0 ? -(bits & 0x7fffffff) : bits;
  };
  return Math.abs(order(a) - order(b));
}

/** The largest {@link ulpDistance} between two arrays of the same length. */
export function maxUlpDistance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let most = 0;
  for (let i = 0; i < actual.length; i++) most = Math.max(most, ulpDistance(actual[i]!, expected[i]!));
  return most;
}

/**
 * A number in a golden file. NaN and the infinities, which JSON lacks, are "nan", "inf" and "-inf".
 */
export type GoldenNumber = number | "nan" | "inf" | "-inf";

/** Converts a {@link GoldenNumber}. */
export function toNumber(x: GoldenNumber): number {
  if (x === "nan") return Number.NaN;
  if (x === "inf") return Number.POSITIVE_INFINITY;
  return x === "-inf" ? Number.NEGATIVE_INFINITY : x;
}
