/**
 * @file Single draws from raw words, for samplers that draw a few numbers per element in a loop. No
 * draw creates an object.
 */
import { threefry2x32 } from "../keys/threefry.ts";
import { erfInv } from "./float32.ts";

const f = Math.fround;
const SQRT2 = f(Math.SQRT2);
const pair = new Uint32Array(2);

/**
 * Writes the first `n` children of a key, two words each, as `split(key, n)` returns them.
 * @param children - At least `2 * n` long. It may hold the parent.
 */
export function splitInto(k0: number, k1: number, n: number, children: Uint32Array): void {
  for (let i = 0; i < n; i++) threefry2x32(k0, k1, 0, i, children, 2 * i);
}

/** The `i`-th uniform in [0, 1) of a key. */
export function uniformAt(k0: number, k1: number, i: number): number {
  threefry2x32(k0, k1, 0, i, pair, 0);
  return ((pair[0]! ^ pair[1]!) >>> 9) * 2 ** -23;
}

/** The first standard normal of a key. */
export function normalOf(k0: number, k1: number): number {
  threefry2x32(k0, k1, 0, 0, pair, 0);
  return f(SQRT2 * erfInv(f(((pair[0]! ^ pair[1]!) >>> 9) * 2 ** -22 - (1 - 2 ** -24))));
}

/** Converts a real number to int32 as XLA does: rounded towards 0, clamped, NaN as 0. */
export const toInt32 = (x: number): number => Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(x))) | 0;
