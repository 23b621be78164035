import { describe, expect, it } from "vitest";
import { type GoldenNumber, maxUlpDistance, readGolden, toNumber } from "../../../../conformance/compare.ts";
import { erf, erfInv } from "./erf.ts";

interface Points {
  x: GoldenNumber[];
  y: GoldenNumber[];
}
const golden = readGolden<{ erf: Points; erfInv: Points }>("keys");

describe("erf", () => {
  it("equals XLA's on the CPU", () => {
    const { x, y } = golden.erf;
    expect(x.map((point) => erf(toNumber(point)))).toEqual(y.map(toNumber));
  });
});

describe("erfInv", () => {
  it("is within 4 ulp of XLA's on the CPU", () => {
    const { x, y } = golden.erfInv;
    const values = x.map((point) => erfInv(toNumber(point)));
    expect(maxUlpDistance(values, y.map(toNumber))).toBeLessThanOrEqual(4);
  });

  it("is odd, infinite at ±1 and undefined beyond", () => {
    expect(erfInv(-0.3)).toBe(-erfInv(0.3));
    expect([erfInv(1), erfInv(-1)]).toEqual([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    expect([erfInv(1.5), erfInv(Number.NaN)]).toEqual([Number.NaN, Number.NaN]);
  });
});
