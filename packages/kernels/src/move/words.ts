/** @file Copies of planes by loops over arrays. */
import type { Elements } from "../memory/access.ts";
import type { Plane } from "./block.ts";

/** The bits of elements: what they stand for makes no difference to a copy. */
export type Words = Int32Array | Uint8Array;

/** The bits of a tensor's elements, in the same memory. */
export const wordsOf = (x: Elements): Words =>
  x instanceof Float32Array ? new Int32Array(x.buffer, x.byteOffset, x.length) : x;

/** From this length on, a call for a run is quicker than a loop. */
const LONG = 48;
/** The side of a square that stays in the cache while it is transposed. */
const SIDE = 16;

/** Transposes square by square, because one of the two sides is read or written across. */
function turn(source: Words, target: Words, { outer, inner }: Plane, from: number, to: number): void {
  for (let i0 = 0; i0 < outer.size; i0 += SIDE) {
    const i1 = Math.min(i0 + SIDE, outer.size);
    for (let j0 = 0; j0 < inner.size; j0 += SIDE) {
      const j1 = Math.min(j0 + SIDE, inner.size);
      for (let i = i0; i < i1; i++) {
        let [a, b] = [from + i * outer.from + j0 * inner.from, to + i * outer.to + j0 * inner.to];
        for (let j = j0; j < j1; j++) {
          target[b] = source[a]!;
          a += inner.from;
          b += inner.to;
        }
      }
    }
  }
}

/** Copies one plane. The two arrays do not overlap. */
export function copyWords(source: Words, target: Words, plane: Plane, from: number, to: number): void {
  const { outer, inner } = plane;
  const { size, from: stepFrom, to: stepTo } = inner;
  if (stepFrom !== 1 && outer.from === 1) {
    turn(source, target, plane, from, to);
    return;
  }
  const isRun = stepTo === 1 && size >= LONG;
  for (let i = 0; i < outer.size; i++) {
    let [a, b] = [from + i * outer.from, to + i * outer.to];
    if (isRun && stepFrom === 1) target.set(source.subarray(a, a + size), b);
    else if (isRun && stepFrom === 0) target.fill(source[a]!, b, b + size);
    else {
      for (let j = 0; j < size; j++) {
        target[b] = source[a]!;
        a += stepFrom;
        b += stepTo;
      }
    }
  }
}
