import { describe, expect, it } from "vitest";
import { readGolden, sha256 } from "../../../../conformance/compare.ts";
import { bits, key, randint, split } from "./index.ts";
import { useKernels } from "./wasm/kernels.ts";

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
    async ({ seed, minval, maxval, n, sha }) => {
      expect(await sha256(randint(key(seed), n, minval, maxval))).toBe(sha);
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

  it.each([true, false])("is the remainder of JAX's words for every span, with kernels: %s", (on) => {
    useKernels(on);
    const n = 4101;
    const spans = [1, 2, 3, 7, 255, 256, 257, 4097, 65535, 65536, 65537, 99_999, 2 ** 24 + 1, 2 ** 31 - 1];
    const [high, low] = [0, 1].map((i) => bits(split(key(9)).at(i), n));
    for (const span of spans) {
      const half = BigInt(2 ** 16 % span);
      const multiplier = BigInt.asUintN(32, half * half) % BigInt(span);
      const wanted = Array.from(high!, (word, i) => {
        const [h, l] = [word, low![i]!].map((each) => BigInt(each) % BigInt(span)) as [bigint, bigint];
        return Number(BigInt.asUintN(32, BigInt.asUintN(32, h * multiplier) + l) % BigInt(span)) - 5;
      });
      expect([...randint(key(9), n, -5, Math.min(span - 5, 2 ** 31 - 1))]).toEqual(wanted);
    }
    // The whole range: a span that is no int32.
    const all = [...randint(key(9), n, -(2 ** 31), 2 ** 31 - 1)];
    expect(all).toEqual(Array.from(low!, (word) => (word % (2 ** 32 - 1)) - 2 ** 31));
    useKernels(true);
  });
});
