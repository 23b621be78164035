import { describe, expect, it } from "vitest";
import { median, spread } from "./measure.ts";

describe("median and spread", () => {
  it("take the middle of sorted numbers, whatever their order", () => {
    expect(median([10, 2, 9])).toBe(9);
    expect(median([10, 2, 9, 1])).toBe(5.5);
  });

  it("give half the distance between the quartiles as a share of the median", () => {
    expect(spread([5, 4, 3, 2, 1])).toBeCloseTo(1 / 3);
    expect(spread([7])).toBe(0);
  });
});
