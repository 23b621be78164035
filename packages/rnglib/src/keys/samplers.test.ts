import { describe, expect, it } from "vitest";
import {
  type GoldenNumber,
  maxUlpDistance,
  readGolden,
  sha256,
  toNumber,
} from "../../../../conformance/compare.ts";
import {
  bernoulli,
  bits,
  key,
  keyData,
  maskScale,
  normal,
  randint,
  split,
  truncatedNormal,
  uniform,
} from "./index.ts";

interface Threefry {
  bits8: number[];
  bits16: number[];
  bits32: number[];
  bits64: string[];
  bits_scalar: number[];
  uniform: number[];
  uniform_m3_5: number[];
  normal: number[];
  sha_bits32_1M: string;
  sha_bits32_1000003: string;
  sha_uniform_1M: string;
}
interface Keys {
  uniform: { seed: number; minval: number; maxval: number; n: number; sha: string }[];
  uniformEdges: { minval: GoldenNumber; maxval: GoldenNumber; values: GoldenNumber[] }[];
  truncatedNormal: { seed: number; lower: GoldenNumber; upper: GoldenNumber; values: GoldenNumber[] }[];
  batch: {
    seed: number;
    split: number;
    keys: number[];
    bits: number[];
    uniform: number[];
    normal: number[];
  };
}
const golden = readGolden<Threefry>("threefry");
const more = readGolden<Keys>("keys");
const k = key(1701);

describe("bits", () => {
  it("of each width equal JAX's", () => {
    expect([...bits(k, 14, { width: 8 })]).toEqual(golden.bits8);
    expect([...bits(k, 14, { width: 16 })]).toEqual(golden.bits16);
    expect([...bits(k, 14)]).toEqual(golden.bits32);
    expect([...bits(k, [2, 7], { width: 32 })]).toEqual(golden.bits32);
    expect([...bits(k, 6, { width: 64 })].map(String)).toEqual(golden.bits64);
    expect([...bits(k)]).toEqual(golden.bits_scalar);
  });

  it("equal JAX's in a million elements", async () => {
    expect(await sha256(bits(k, 1 << 20))).toBe(golden.sha_bits32_1M);
    expect(await sha256(bits(k, 1000003))).toBe(golden.sha_bits32_1000003);
  });

  it("have the array type of their width", () => {
    const narrow: Uint8Array = bits(k, 3, { width: 8 });
    const wide: BigUint64Array = bits(k, 3, { width: 64 });
    expect([narrow.length, wide.length]).toEqual([3, 3]);
    // @ts-expect-error 16 bits do not go into a Uint8Array
    expect(() => bits(k, 3, { width: 16, out: new Uint8Array(3) })).toThrow(
      "bits: expected out to be a Uint16Array, got a Uint8Array. Leave it out for a new array.",
    );
  });

  it("refuse other widths", () => {
    // @ts-expect-error there are no 24-bit arrays
    expect(() => bits(k, 3, { width: 24 })).toThrow("bits: expected a width of 8, 16, 32 or 64, got 24.");
  });

  it("of 64 bits may be written into the middle of a buffer", () => {
    const out = new BigUint64Array(8);
    bits(k, 6, { width: 64, out: out.subarray(1, 7) });
    expect([...out].map(String)).toEqual(["0", ...golden.bits64, "0"]);
  });
});

describe("uniform", () => {
  it("equals JAX's", () => {
    expect([...uniform(k, 11)]).toEqual(golden.uniform);
    expect([...uniform(k, 1001, { minval: -3, maxval: 5.3 })]).toEqual(golden.uniform_m3_5);
  });

  it("equals JAX's in a million elements", async () => {
    expect(await sha256(uniform(k, 1 << 20))).toBe(golden.sha_uniform_1M);
  });

  it.each(more.uniform)(
    "equals JAX's from $minval to $maxval, seed $seed",
    async ({ seed, minval, maxval, n, sha }) => {
      expect(await sha256(uniform(key(seed), n, { minval, maxval }))).toBe(sha);
    },
  );

  it.each(more.uniformEdges)("does as JAX from $minval to $maxval", ({ minval, maxval, values }) => {
    const drawn = uniform(key(3), 4, { minval: toNumber(minval), maxval: toNumber(maxval) });
    expect([...drawn]).toEqual(values.map(toNumber));
  });

  it("writes into out and returns it", () => {
    const buffer = new Float32Array(13).fill(7);
    const out = buffer.subarray(1, 12);
    expect(uniform(k, 11, { out })).toBe(out);
    expect([...buffer]).toEqual([7, ...golden.uniform, 7]);
    expect(() => uniform(k, 11, { out: buffer })).toThrow(
      "uniform: expected out to have 11 elements for shape [11], got 13. Pass out.subarray(begin, end) to fill a part.",
    );
    // @ts-expect-error a plain array has no room for float32
    expect(() => uniform(k, 2, { out: [0, 0] })).toThrow(
      "uniform: expected out to be a Float32Array, got [0, 0].",
    );
  });

  it("refuses bad shapes and keys", () => {
    expect(() => uniform(k, [2, -1])).toThrow(
      "uniform: expected a shape of non-negative integers, got [2, -1].",
    );
    expect(() => uniform(k, 1.5)).toThrow("uniform: expected a shape of non-negative integers, got [1.5].");
    // @ts-expect-error a seed is not a key
    expect(() => uniform(1701, 2)).toThrow("uniform: expected a key, got 1701. Make one with key(seed).");
  });
});

describe("normal", () => {
  it("is within 4 ulp of JAX's, and most values are equal", () => {
    const drawn = normal(k, 1001);
    expect(maxUlpDistance(drawn, golden.normal)).toBeLessThanOrEqual(4);
    expect(drawn.filter((x, i) => x === golden.normal[i]).length).toBeGreaterThan(900);
  });
});

describe("truncatedNormal", () => {
  it.each(more.truncatedNormal)(
    "is within 4 ulp of JAX's from $lower to $upper",
    ({ seed, lower, upper, values }) => {
      const drawn = truncatedNormal(key(seed), toNumber(lower), toNumber(upper), values.length);
      expect(maxUlpDistance(drawn, values.map(toNumber))).toBeLessThanOrEqual(4);
    },
  );

  it("stays inside the open interval", () => {
    const drawn = truncatedNormal(k, 0.25, 0.2500001, 10000);
    expect(drawn.every((x) => x > 0.25 && x < Math.fround(0.2500001))).toBe(true);
  });

  it("gives the same numbers for short arrays as for long ones", () => {
    const long = truncatedNormal(k, -1, 2, 100);
    expect(truncatedNormal(k, -1, 2, 9)).toEqual(long.slice(0, 9));
  });
});

describe("an array of keys", () => {
  const { batch } = more;
  const keys = split(key(batch.seed), batch.split);

  it("draws a row for each key, as vmap does", () => {
    expect([...keyData(keys)]).toEqual(batch.keys);
    expect([...bits(keys, 20)]).toEqual(batch.bits);
    expect([...uniform(keys, [2, 9])]).toEqual(batch.uniform);
    expect(maxUlpDistance(normal(keys, 20), batch.normal)).toBeLessThanOrEqual(4);
  });

  it("draws the rows that its keys draw alone", () => {
    const each = [...keys].flatMap((one) => [...truncatedNormal(one, -1, 1, 33)]);
    expect([...truncatedNormal(keys, -1, 1, 33)]).toEqual(each);
    expect([...bits(keys, 5, { width: 64 })]).toEqual(
      [...keys].flatMap((one) => [...bits(one, 5, { width: 64 })]),
    );
  });

  it("may be empty", () => {
    expect(uniform(split(k, 0), 3)).toEqual(new Float32Array(0));
    expect(uniform(keys, 0)).toEqual(new Float32Array(0));
  });
});

describe("one element", () => {
  it("is what comes without a shape", () => {
    expect([...uniform(k)]).toEqual([...uniform(k, 1)]);
    expect([...normal(k)]).toEqual([...normal(k, 1)]);
    expect([...truncatedNormal(k, -1, 1)]).toEqual([...truncatedNormal(k, -1, 1, 1)]);
  });
});

describe("tiny numbers", () => {
  const tiny = 2 ** -126;

  it("below the smallest normal one are 0, as XLA has it, in results and in bounds", () => {
    const drawn = uniform(k, 400, { maxval: 2 ** -122 });
    expect(drawn.some((x) => x === 0) && drawn.some((x) => x > 0)).toBe(true);
    expect(drawn.every((x) => x === 0 || x >= tiny)).toBe(true);
    expect([...uniform(k, 2, { minval: tiny, maxval: tiny })]).toEqual([tiny, tiny]);
    expect([...uniform(k, 2, { minval: tiny / 2, maxval: tiny / 2 })]).toEqual([0, 0]);
  });

  it("bound truncated normals: the interval is open", () => {
    const least = 2 ** -149;
    expect([...truncatedNormal(k, 0, -1, 2)]).toEqual([-1 - 2 ** -23, -1 - 2 ** -23]);
    expect([...truncatedNormal(k, -1, 0, 20)].every((x) => x > -1 && x <= -least)).toBe(true);
    expect(truncatedNormal(k, 6, Number.POSITIVE_INFINITY, 4).every((x) => x > 6)).toBe(true);
    expect(truncatedNormal(k, Number.NEGATIVE_INFINITY, -6, 4).every((x) => x < -6)).toBe(true);
    expect([...truncatedNormal(k, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 3)]).toHaveLength(3);
    expect([...truncatedNormal(k, Number.NaN, 1, 2)]).toEqual([Number.NaN, Number.NaN]);
    const [infinite, largest] = [Number.POSITIVE_INFINITY, (2 - 2 ** -23) * 2 ** 127];
    expect([...truncatedNormal(k, infinite, infinite, 1)]).toEqual([largest]);
    expect([...truncatedNormal(k, -infinite, -infinite, 1)]).toEqual([-infinite]);
    expect([...truncatedNormal(k, 9, 8, 1)]).toEqual([8 - 2 ** -21]);
    expect([...truncatedNormal(k, -8, -9, 1)]).toEqual([-9 - 2 ** -20]);
  });

  // JAX gives these.
  it.each([
    [0, 0, -0],
    [-0, 0, -0],
    [1, 0, -0],
    [0, 3 * 2 ** -149, 0],
    [-(2 ** -149), 2 ** -149, 0],
    [-(2 ** -126), 0, -0],
    [0, 2 ** -126, 0],
    [2 ** -126, 2 ** -126, 0],
    [1e-39, 2e-39, 0],
  ])("bound truncated normals in (%d, %d): next to 0 is a zero", (lower, upper, expected) => {
    expect([...truncatedNormal(k, lower, upper, 2)]).toEqual([expected, expected]);
  });
});

describe("an array to write to", () => {
  const wrong = new Float64Array(3) as never;

  it.each<[string, () => unknown]>([
    ["bits", () => bits(k, 3, { out: wrong })],
    ["uniform", () => uniform(k, 3, { out: wrong })],
    ["normal", () => normal(k, 3, { out: wrong })],
    ["truncatedNormal", () => truncatedNormal(k, -1, 1, 3, { out: wrong })],
    ["bernoulli", () => bernoulli(k, 0.5, 3, { out: wrong })],
    ["randint", () => randint(k, 3, 0, 9, { out: wrong })],
    ["maskScale", () => maskScale(k, 0.5, new Float32Array(3), { out: wrong })],
  ])("of another kind is refused by %s, in its name", (name, call) => {
    expect(call).toThrow(new RegExp(`^${name}: expected out to be a \\w+, got a Float64Array\\.`));
  });
});

describe("options that a sampler does not have", () => {
  it.each<[string, (options: object) => unknown]>([
    ["bits", (o) => bits(key(0), 2, o)],
    ["uniform", (o) => uniform(key(0), 2, o)],
    ["normal", (o) => normal(key(0), 2, o)],
    ["truncatedNormal", (o) => truncatedNormal(key(0), -1, 1, 2, o)],
    ["bernoulli", (o) => bernoulli(key(0), 0.5, 2, o)],
    ["randint", (o) => randint(key(0), 2, 0, 5, o)],
    ["maskScale", (o) => maskScale(key(0), 0.5, new Float32Array(2), o)],
  ])("%s refuses them", (name, call) => {
    expect(() => call({ ouut: new Float32Array(2) })).toThrow(`${name}: expected options among {`);
    expect(() => call({ ouut: 1 })).toThrow('got "ouut". Did you mean out?');
    expect(() => call({ zzz: 1 })).toThrow('got "zzz". Leave it out.');
    expect(() => call([1])).toThrow(`${name}: expected an options object, got [1].`);
    expect(() => call(JSON.parse('{"__proto__": 1}') as object)).toThrow('got "__proto__"');
  });
});
