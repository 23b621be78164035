/**
 * @file Single draws from raw words, for samplers that spend a few numbers per element in a loop:
 * no object per draw.
 */
import { threefry2x32 } from "../keys/threefry.ts";
import { erfInv } from "./float32.ts";

const f = Math.fround;
const SQRT2 = f(Math.SQRT2);
const pair = new Uint32Array(2);

/**
 * Writes the first `n` children of a key, two words each: what `split(key, n)` gives.
 * @param children - At least `2 * n` long; may hold the parent.
 */
export function splitInto(k0: number, k1: number, n: number, children: Uint32Array): void {
  for (let i = 0; i < n; i++) threefry2x32(k0, k1, 0, i, children, 2 * i);
}

/** The `i`-th of a key's uniforms in [0, 1). */
export function uniformAt(k0: number, k1: number, i: number): number {
  threefry2x32(k0, k1, 0, i, pair, 0);
  return ((pair[0]! ^ pair[1]!) >>> 9) * 2 ** -23;
}

/** The first of a key's standard normals. */
export function normalOf(k0: number, k1: number): number {
  threefry2x32(k0, k1, 0, 0, pair, 0);
  return f(SQRT2 * erfInv(f(((pair[0]! ^ pair[1]!) >>> 9) * 2 ** -22 - (1 - 2 ** -24))));
}

/** A real number as an int32: rounded towards 0, clamped, NaN as 0, as XLA converts. */
export const toInt32 = (x: number): number => Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(x))) | 0;
