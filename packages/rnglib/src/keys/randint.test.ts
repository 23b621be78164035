import { describe, expect, it } from "vitest";
import { readGolden, sha256 } from "../../../../conformance/compare.ts";
import { key, randint, split } from "./index.ts";

const golden = readGolden<{ randint: number[]; randint2: number[] }>("threefry");
const more = readGolden<{
  randint: { seed: number; minval: number; maxval: number; n: number; sha: string }[];
  randintEdges: { minval: number; maxval: number; values: number[] }[];
  batch: { randint: number[]; seed: number; split: number };
}>("keys");

describe("randint", () => {
  it("equals JAX's", () => {
    expect([...randint(key(1701), 20, 0, 10)]).toEqual(golden.randint);
    expect([...randint(key(1701), 20, -5, 1000003)]).toEqual(golden.randint2);
  });

  it.each(more.randint)(
    "equals JAX's in [$minval, $maxval), seed $seed",
    ({ seed, minval, maxval, n, sha }) => {
      expect(sha256(randint(key(seed), n, minval, maxval))).toBe(sha);
    },
  );

  it.each(more.randintEdges)("does as JAX in [$minval, $maxval)", ({ minval, maxval, values }) => {
    expect([...randint(key(3), 4, minval, maxval)]).toEqual(values);
  });

  it("draws a row for each key, as vmap does", () => {
    const { batch } = more;
    expect([...randint(split(key(batch.seed), batch.split), 20, -50, 50)]).toEqual(batch.randint);
  });

  it.each([2 ** 31, 0.5, Number.NaN, -(2 ** 31) - 1])(
    "refuses the bound %d, which is not an int32",
    (bound) => {
      expect(() => randint(key(0), 2, 0, bound)).toThrow(
        `randint: expected maxval to be an int32, got ${bound}. Round it, or scale a uniform.`,
      );
      expect(() => randint(key(0), 2, bound, 5)).toThrow("randint: expected minval to be an int32");
    },
  );
});
