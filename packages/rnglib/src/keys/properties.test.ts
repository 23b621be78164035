import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bernoulli,
  bits,
  clone,
  foldIn,
  key,
  keyData,
  maskScale,
  normal,
  PRNGKey,
  type PRNGKeyJSON,
  randint,
  split,
  truncatedNormal,
  uniform,
  wrapKeyData,
} from "./index.ts";

const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const anyKey = fc.tuple(uint32, uint32).map((words) => wrapKeyData(words));
const size = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 40 }) },
  fc.integer({ min: 4080, max: 4200 }),
);

/** Each sampler, as a function of a key and a size. */
const samplers = {
  "8 bits": (k: PRNGKey, n: number) => bits(k, n, { width: 8 }),
  "16 bits": (k: PRNGKey, n: number) => bits(k, n, { width: 16 }),
  bits: (k: PRNGKey, n: number) => bits(k, n),
  "64 bits": (k: PRNGKey, n: number) => bits(k, n, { width: 64 }),
  uniform: (k: PRNGKey, n: number) => uniform(k, n),
  "uniform in a range": (k: PRNGKey, n: number) => uniform(k, n, { minval: -2, maxval: 7 }),
  normal: (k: PRNGKey, n: number) => normal(k, n),
  truncatedNormal: (k: PRNGKey, n: number) => truncatedNormal(k, -1, 2, n),
  bernoulli: (k: PRNGKey, n: number) => bernoulli(k, 0.4, n),
  randint: (k: PRNGKey, n: number) => randint(k, n, -100, 100),
  maskScale: (k: PRNGKey, n: number) => maskScale(k, 0.4, new Float32Array(n).fill(3)),
};

describe.each(Object.entries(samplers))("%s", (_name, draw) => {
  it("gives the same values for the same key", () => {
    fc.assert(
      fc.property(anyKey, size, (k, n) => {
        expect(draw(clone(k), n)).toEqual(draw(k, n));
      }),
      { numRuns: 30 },
    );
  });

  it("gives a prefix of what it gives for a larger size", () => {
    fc.assert(
      fc.property(anyKey, size, size, (k, n, m) => {
        const [shorter, longer] = [Math.min(n, m), Math.max(n, m)];
        expect(draw(k, longer).slice(0, shorter)).toEqual(draw(k, shorter));
      }),
      { numRuns: 30 },
    );
  });

  it("does not depend on what was drawn before", () => {
    fc.assert(
      fc.property(anyKey, anyKey, size, size, (k, other, n, m) => {
        const first = draw(k, n);
        for (const drawOther of Object.values(samplers)) drawOther(other, m);
        expect(draw(k, n)).toEqual(first);
      }),
      { numRuns: 10 },
    );
  });
});

describe("keys", () => {
  it("foldIn(k, i) equals split(k, n)[i]", () => {
    fc.assert(
      fc.property(anyKey, fc.integer({ min: 1, max: 200 }), fc.nat(), (k, n, seed) => {
        const i = seed % n;
        expect(foldIn(k, i).equals(split(k, n).at(i))).toBe(true);
      }),
    );
  });

  it("split children are distinct, and distinct from their parent", () => {
    fc.assert(
      fc.property(anyKey, fc.integer({ min: 1, max: 300 }), (k, n) => {
        const all = [k, ...split(k, n)].map(String);
        expect(new Set(all).size).toBe(n + 1);
      }),
    );
  });

  it("split children do not depend on the order in which they are used, nor on other draws", () => {
    fc.assert(
      fc.property(anyKey, fc.integer({ min: 2, max: 8 }), fc.nat(), (k, n, turn) => {
        const children = split(k, n);
        const inOrder = [...children].map((child) => [...bits(child, 3)]);
        uniform(k, 100);
        split(k, n + 1);
        const order = Array.from({ length: n }, (_, i) => (i + turn) % n);
        for (const i of order) expect([...bits(split(k, n).at(i), 3)]).toEqual(inOrder[i]);
      }),
    );
  });

  it("a split into fewer is the beginning of a split into more, whatever the shape", () => {
    fc.assert(
      fc.property(anyKey, fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 }), (k, a, b) => {
        expect(keyData(split(k, [a, b]))).toEqual(keyData(split(k, a * b + 3)).slice(0, 2 * a * b));
      }),
    );
  });

  it("keys of different seeds below 2^32 are different", () => {
    fc.assert(
      fc.property(uint32, uint32, (a, b) => {
        expect(key(a).equals(key(b))).toBe(a === b);
      }),
    );
  });

  it("a seed counts modulo 2^32, from -2^63 up to 2^63 - 1", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (seed) => {
        expect([...keyData(key(seed))]).toEqual([0, Number(BigInt.asUintN(32, seed))]);
      }),
    );
  });

  it("JSON and words give back an equal key", () => {
    fc.assert(
      fc.property(anyKey, fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }), (k, shape) => {
        const keys = split(k, shape);
        expect(PRNGKey.fromJSON(JSON.parse(JSON.stringify(keys)) as PRNGKeyJSON).equals(keys)).toBe(true);
        expect(wrapKeyData(keyData(keys), shape).equals(keys)).toBe(true);
        expect(wrapKeyData(keyData(keys), shape)).toEqual(keys);
      }),
    );
  });

  it("an array of keys draws what its keys draw one by one", () => {
    fc.assert(
      fc.property(anyKey, fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 40 }), (k, n, m) => {
        const keys = split(k, n);
        for (const draw of [samplers.normal, samplers.randint, samplers.bernoulli, samplers.bits]) {
          expect([...draw(keys, m)]).toEqual([...keys].flatMap((one) => [...draw(one, m)]));
        }
      }),
    );
  });
});

describe("ranges", () => {
  it("uniform stays in [minval, maxval]", () => {
    // Subnormal bounds count as 0, as in XLA.
    const bound = fc
      .float({ noNaN: true, min: -1e6, max: 1e6 })
      .filter((x) => x === 0 || Math.abs(x) >= 2 ** -126);
    fc.assert(
      fc.property(anyKey, bound, bound, (k, a, b) => {
        const [minval, maxval] = [Math.min(a, b), Math.max(a, b)];
        expect(uniform(k, 50, { minval, maxval }).every((x) => x >= minval && x <= maxval)).toBe(true);
      }),
    );
  });

  it("randint stays in [minval, maxval)", () => {
    const bound = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(anyKey, bound, bound, (k, a, b) => {
        const [minval, maxval] = [Math.min(a, b), Math.max(a, b)];
        const inside = (x: number) => x >= minval && (x < maxval || minval === maxval);
        expect(randint(k, 50, minval, maxval).every(inside)).toBe(true);
      }),
    );
  });
});
