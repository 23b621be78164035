import { describe, expect, it } from "vitest";
import { readGolden, sha256 } from "../../../../conformance/compare.ts";
import { thresholdOf } from "./fill.ts";
import { bernoulli, key, maskScale, split, uniform } from "./index.ts";

const golden = readGolden<{
  bern: Record<string, string>;
  bern_high: Record<string, string>;
  "sha_bern_0.9_1M": string;
  "sha_bern_1m0.1_1M": string;
}>("threefry");
const more = readGolden<{
  bernoulli: { seed: number; p: number; mode: "low" | "high"; n: number; sha: string }[];
  bernoulliNaN: number[];
  batch: { bernoulli: number[]; seed: number; split: number };
  mask: { seed: number; rate: number; n: number; sha: string }[];
}>("keys");
const k = key(1701);

describe("bernoulli", () => {
  it.each(Object.entries(golden.bern))("of %s equals JAX's", (p, digits) => {
    expect(bernoulli(k, Number(p), digits.length).join("")).toBe(digits);
  });

  it.each(Object.entries(golden.bern_high))("of %s in mode high equals JAX's", (p, digits) => {
    expect(bernoulli(k, Number(p), digits.length, { mode: "high" }).join("")).toBe(digits);
  });

  it("equals JAX's in a million elements", async () => {
    expect(await sha256(bernoulli(k, 0.9, 1 << 20))).toBe(golden["sha_bern_0.9_1M"]);
    expect(await sha256(bernoulli(k, 1 - 0.1, 1 << 20))).toBe(golden["sha_bern_1m0.1_1M"]);
  });

  it.each(more.bernoulli)(
    "of $p equals JAX's with seed $seed, mode $mode",
    async ({ seed, p, mode, n, sha }) => {
      expect(await sha256(bernoulli(key(seed), p, n, { mode }))).toBe(sha);
    },
  );

  it("of NaN is 0, as in JAX", () => {
    expect([...bernoulli(key(3), Number.NaN, 4)]).toEqual(more.bernoulliNaN);
  });

  it("is a fair coin by default", () => {
    expect([...bernoulli(k, undefined, 300)].join("")).toBe(golden.bern["0.5"]);
  });

  it("draws a row for each key, as vmap does", () => {
    const { batch } = more;
    expect([...bernoulli(split(key(batch.seed), batch.split), 0.3, 20)]).toEqual(batch.bernoulli);
  });

  it("in mode high compares the lower bits, too: a second uniform, where the first is next to p", () => {
    const n = 64;
    const u = uniform(k, 2 * n);
    const near = [...u.subarray(0, n).keys()].filter((i) => u[i]! < 0.5);
    const drawn = (mode: "low" | "high") => near.map((i) => bernoulli(k, u[i]! + 2 ** -25, n, { mode })[i]);
    expect(drawn("high")).toEqual(near.map((i) => (u[n + i]! < 0.25 ? 1 : 0)));
    expect(drawn("low")).toEqual(near.map(() => 1));
  });

  it("is a single coin without a shape", () => {
    expect([...bernoulli(k)]).toEqual([...bernoulli(k, 0.5, 1)]);
  });

  it("has thresholds in units of 2^-23, and takes subnormal numbers for 0", () => {
    expect([2 ** -126, 2 ** -127, 0.5, 1, 2, -1, Number.NaN].map(thresholdOf)).toEqual([
      1,
      0,
      2 ** 22,
      2 ** 23,
      2 ** 23,
      0,
      0,
    ]);
  });

  it("refuses other modes", () => {
    // @ts-expect-error there is no such mode
    expect(() => bernoulli(k, 0.5, 3, { mode: "middle" })).toThrow(
      'bernoulli: expected mode "low" or "high", got "middle". Leave it out for "low".',
    );
  });
});

describe("maskScale", () => {
  it.each(more.mask)(
    "equals JAX's where(mask, x / keep, 0) at rate $rate",
    async ({ seed, rate, n, sha }) => {
      const x = Float32Array.from({ length: n }, (_, i) => ((i % 1000) - 500) / 8);
      expect(await sha256(maskScale(key(seed), 1 - rate, x))).toBe(sha);
    },
  );

  it.each([5, 16, 100, 5000])("has the mask of bernoulli, for %i elements", (n) => {
    const masked = maskScale(k, 0.7, new Float32Array(n).fill(1), { scale: 1 });
    expect([...masked]).toEqual([...bernoulli(k, 0.7, n)]);
  });

  it("applied to a gradient with the same key is its own derivative", () => {
    const x = new Float32Array(1000).fill(3);
    const forward = maskScale(k, 0.7, x);
    const gradient = maskScale(k, 0.7, new Float32Array(1000).fill(1));
    expect([...forward]).toEqual([...gradient].map((g) => Math.fround(g * 3)));
  });

  it.each([5, 100])("drops what is not finite, and keeps it where it keeps, for %i elements", (n) => {
    const mask = bernoulli(k, 0.5, n);
    const nan = maskScale(k, 0.5, new Float32Array(n).fill(Number.NaN));
    const infinite = maskScale(k, 0.5, new Float32Array(n).fill(Number.NEGATIVE_INFINITY));
    expect([...nan]).toEqual([...mask].map((keep) => (keep === 1 ? Number.NaN : 0)));
    expect([...infinite]).toEqual([...mask].map((keep) => (keep === 1 ? Number.NEGATIVE_INFINITY : 0)));
  });

  it("may write over its source", () => {
    const x = Float32Array.from({ length: 10000 }, (_, i) => i);
    const expected = maskScale(k, 0.5, x);
    expect(maskScale(k, 0.5, x, { out: x })).toBe(x);
    expect(x).toEqual(expected);
  });

  it("keeps everything at 1 and nothing at 0 and below", () => {
    const x = Float32Array.of(1, -2, 3);
    expect(maskScale(k, 1, x)).toEqual(x);
    expect(maskScale(k, 1, x, { scale: 2 })).toEqual(Float32Array.of(2, -4, 6));
    expect(maskScale(k, 0, x)).toEqual(new Float32Array(3));
    expect(maskScale(k, -1, x)).toEqual(new Float32Array(3));
  });

  it("shares its source among several keys", () => {
    const keys = split(k, 2);
    const x = Float32Array.from({ length: 60 }, (_, i) => i);
    const each = [0, 1].flatMap((i) => [...maskScale(keys.at(i), 0.5, x.subarray(30 * i, 30 * i + 30))]);
    expect([...maskScale(keys, 0.5, x)]).toEqual(each);
    expect(() => maskScale(keys, 0.5, new Float32Array(3))).toThrow(
      "maskScale: expected a multiple of 2 elements for 2 keys, got 3. Use one key, or pad.",
    );
    expect(maskScale(split(k, 0), 0.5, new Float32Array(0))).toEqual(new Float32Array(0));
    expect(() => maskScale(split(k, 0), 0.5, new Float32Array(2))).toThrow("maskScale: expected");
  });
});
