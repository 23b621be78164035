import { describe, expect, it } from "vitest";
import { readGolden } from "../../../../conformance/compare.ts";
import { threefry2x32 } from "./threefry.ts";

const golden = readGolden<{ raw: [number, number, number, number, number, number][] }>("threefry");

function hash(k0: number, k1: number, x0: number, x1: number): number[] {
  const out = new Uint32Array(4);
  threefry2x32(k0, k1, x0, x1, out, 1);
  expect([out[0], out[3]]).toEqual([0, 0]);
  return [out[1]!, out[2]!];
}

describe("threefry2x32", () => {
  it.each([
    // Known answers of Random123's kat_vectors, threefry 2 32 20.
    [0, 0, 0, 0, 0x6b200159, 0x99ba4efe],
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x1cb996fc, 0xbb002be7],
    [0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3, 0xc4923a9c, 0x483df7a0],
  ])("hashes a known answer (%i, %i; %i, %i)", (k0, k1, x0, x1, y0, y1) => {
    expect(hash(k0, k1, x0, x1)).toEqual([y0, y1]);
  });

  it("hashes as JAX does", () => {
    for (const [k0, k1, x0, x1, y0, y1] of golden.raw) expect(hash(k0, k1, x0, x1)).toEqual([y0, y1]);
  });

  it("takes its arguments modulo 2^32", () => {
    expect(hash(-1, 2 ** 32 + 7, 2 ** 40 + 1, -2)).toEqual(hash(0xffffffff, 7, 1, 0xfffffffe));
  });
});
