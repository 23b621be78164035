import { afterEach, describe, expect, it, vi } from "vitest";
import {
  fillBernoulli,
  fillBits,
  fillMaskScale,
  fillNormal,
  fillUniform,
  probit,
  thresholdOf,
} from "../fill.ts";
import * as plain from "../plain.ts";
import { threefry2x32 } from "../threefry.ts";
import * as kernels from "./kernels.ts";
import { CHUNK } from "./layout.ts";

const K0 = 0x9ab1c2d3;
const K1 = 0x71f00f17;
const TWO32 = 2 ** 32;
const LONGEST = 4200;
const P = 0.3;
const THRESHOLD = thresholdOf(P);
const SCALE = Math.fround(1 / 0.3);

type Out = Uint32Array | Uint16Array | Uint8Array | Float32Array;
interface Pair {
  name: string;
  make: (n: number) => Out;
  /** Both take the array to write to. They return false when there is no kernel. */
  byKernel: (start: number, out: Out, source: Float32Array) => boolean;
  plainly: (start: number, out: Out, source: Float32Array) => void;
}
const pair = <A extends Out>(
  name: string,
  kind: new (n: number) => A,
  byKernel: (start: number, out: A, source: Float32Array) => boolean,
  plainly: (start: number, out: A, source: Float32Array) => void,
): Pair => ({
  name,
  make: (n) => new kind(n),
  byKernel: (start, out, source) => out instanceof kind && byKernel(start, out, source),
  plainly: (start, out, source) => out instanceof kind && plainly(start, out, source),
});

/**
 * Uniforms in [-1, 1) and the bounds themselves, as `probit` takes them. Each depends on its
 * counter alone.
 */
function symmetric(start: number, out: Float32Array): void {
  plain.plainUniform(K1, K0, start, out);
  for (let i = 0; i < out.length; i++)
    out[i] = (start + i) % 97 === 5 ? ((start + i) % 2) * 2 - 1 : out[i]! * 2 - 1;
}

const pairs: Pair[] = [
  pair(
    "bits",
    Uint32Array,
    (start, out) => kernels.kernelBits(K0, K1, start, out),
    (start, out) => plain.plainBits(K0, K1, start, out),
  ),
  pair(
    "16 bits",
    Uint16Array,
    (start, out) => kernels.kernelBits(K0, K1, start, out),
    (start, out) => plain.plainBits(K0, K1, start, out),
  ),
  pair(
    "8 bits",
    Uint8Array,
    (start, out) => kernels.kernelBits(K0, K1, start, out),
    (start, out) => plain.plainBits(K0, K1, start, out),
  ),
  pair(
    "uniform",
    Float32Array,
    (start, out) => kernels.kernelUniform(K0, K1, start, out),
    (start, out) => plain.plainUniform(K0, K1, start, out),
  ),
  pair(
    "normal",
    Float32Array,
    (start, out) => kernels.kernelNormal(K0, K1, start, out),
    (start, out) => plain.plainNormal(K0, K1, start, out),
  ),
  pair(
    "probit",
    Float32Array,
    (start, out) => {
      symmetric(start, out);
      return kernels.kernelProbit(out);
    },
    (start, out) => {
      symmetric(start, out);
      plain.plainProbit(out);
    },
  ),
  pair(
    "bernoulli",
    Uint8Array,
    (start, out) => kernels.kernelBernoulli(K0, K1, start, THRESHOLD, out),
    (start, out) => plain.plainBernoulli(K0, K1, start, THRESHOLD, out),
  ),
  pair(
    "maskScale",
    Float32Array,
    (start, out, source) => kernels.kernelMaskScale(K0, K1, start, THRESHOLD, SCALE, source, out),
    (start, out, source) => plain.plainMaskScale(K0, K1, start, THRESHOLD, SCALE, source, out),
  ),
];

const bytesOf = (array: Out): Buffer => Buffer.from(array.buffer, array.byteOffset, array.byteLength);
const sourceOf = (n: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => Math.fround(i * 0.37 - 700));

afterEach(() => {
  vi.unstubAllGlobals();
  kernels.useKernels(true);
});

describe("a kernel and the plain loop give the same bits", () => {
  it("on this engine, which has kernels", () => {
    expect(kernels.hasKernels()).toBe(true);
  });

  it.each(pairs)(
    "$name, for every length from 0 to 4200, and touch nothing beside",
    ({ make, byKernel, plainly }) => {
      // Element i of the plain loop depends on the counter alone (tested below), so one long run
      // contains the results for every length.
      const source = sourceOf(LONGEST);
      const expected = make(LONGEST);
      plainly(0, expected, source);
      const buffer = make(LONGEST + 2);
      const wrong: number[] = [];
      for (let n = 0; n <= LONGEST; n++) {
        buffer.fill(1);
        const ok = byKernel(0, buffer.subarray(1, n + 1), source.subarray(0, n));
        const same = bytesOf(buffer.subarray(1, n + 1)).equals(bytesOf(expected.subarray(0, n)));
        if (!ok || !same || buffer[0] !== 1 || buffer[n + 1] !== 1) wrong.push(n);
      }
      expect(wrong).toEqual([]);
    },
  );

  it.each(pairs)(
    "$name, over chunk edges and where the counter's low word wraps",
    ({ make, byKernel, plainly }) => {
      for (const start of [
        1,
        5000,
        TWO32 - 1,
        TWO32 - 16,
        TWO32 - 17,
        TWO32 - CHUNK,
        7 * TWO32 - 5003,
        2 ** 53 - 20000,
      ]) {
        for (const n of [17, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1, 10007]) {
          const source = sourceOf(n);
          const [actual, expected] = [make(n), make(n)];
          expect(byKernel(start, actual, source)).toBe(true);
          plainly(start, expected, source);
          expect(bytesOf(actual).equals(bytesOf(expected)), `start ${start}, length ${n}`).toBe(true);
        }
      }
    },
  );

  it.each(pairs)("$name, where lengths and counters have their edges", ({ make, byKernel, plainly }) => {
    for (const [start, n] of [
      [0, 0],
      [1, 16],
      [2, 63],
      [3, 64],
      [4, 65],
      [0, CHUNK],
      [0, CHUNK + 70],
      [TWO32 - 5, 20],
      [TWO32 - 40, CHUNK + 80],
      [3 * TWO32 - 7, 70],
      [2 ** 53 - 300, 100],
    ] as const) {
      const source = sourceOf(n);
      const [buffer, expected] = [make(n + 2), make(n)];
      buffer.fill(1);
      expect(byKernel(start, buffer.subarray(1, n + 1), source)).toBe(true);
      plainly(start, expected, source);
      expect(bytesOf(buffer.subarray(1, n + 1)).equals(bytesOf(expected)), `start ${start}, ${n}`).toBe(true);
      expect([buffer[0], buffer[n + 1]]).toEqual([1, 1]);
    }
  });

  it.each(pairs)("$name says that there is no kernel while they are off", ({ make, byKernel }) => {
    kernels.useKernels(false);
    expect(byKernel(0, make(20), sourceOf(20))).toBe(false);
    kernels.useKernels(true);
    expect(byKernel(0, make(20), sourceOf(20))).toBe(true);
  });

  it("integers too, and in one range as in another", () => {
    const range = { span: 10, multiplier: 6, minval: -5 };
    const out = new Int32Array(20);
    kernels.useKernels(false);
    expect([kernels.hasKernels(), kernels.kernelRandint(1, 2, 3, 4, range, out)]).toEqual([false, false]);
    kernels.useKernels(true);
    expect([kernels.hasKernels(), kernels.kernelRandint(1, 2, 3, 4, range, out)]).toEqual([true, true]);
    const [high, low] = [new Uint32Array(20), new Uint32Array(20)];
    plain.plainBits(1, 2, 0, high);
    plain.plainBits(3, 4, 0, low);
    expect([...out]).toEqual(Array.from(high, (h, i) => ((h * 6 + low[i]!) % 10) - 5));
  });

  it.each(pairs)("$name, piece by piece as in one go", ({ make, byKernel, plainly }) => {
    const n = 3 * CHUNK;
    const source = sourceOf(n);
    const [whole, pieces, plainPieces] = [make(n), make(n), make(n)];
    byKernel(0, whole, source);
    for (let begin = 0, step = 1; begin < n; begin += step++ * 7) {
      const end = Math.min(n, begin + step * 7 + 7);
      byKernel(begin, pieces.subarray(begin, end), source.subarray(begin, end));
      plainly(begin, plainPieces.subarray(begin, end), source.subarray(begin, end));
    }
    expect(bytesOf(pieces).equals(bytesOf(whole))).toBe(true);
    expect(bytesOf(plainPieces).equals(bytesOf(whole))).toBe(true);
  });

  it.each([1, 2, 3, 4096, 2 ** 22, 2 ** 22 + 1, 2 ** 23 - 2, 2 ** 23 - 1])(
    "bernoulli at the threshold %i",
    (threshold) => {
      const [actual, expected] = [new Uint8Array(50000), new Uint8Array(50000)];
      kernels.kernelBernoulli(K0, K1, 0, threshold, actual);
      plain.plainBernoulli(K0, K1, 0, threshold, expected);
      expect(bytesOf(actual).equals(bytesOf(expected))).toBe(true);
    },
  );

  it("normal in the far tails", () => {
    const n = 1 << 20;
    const [actual, expected] = [new Float32Array(n), new Float32Array(n)];
    kernels.kernelNormal(K0, K1, 0, actual);
    plain.plainNormal(K0, K1, 0, expected);
    expect(bytesOf(actual).equals(bytesOf(expected))).toBe(true);
    expect(Math.max(...actual.filter((x) => x > 4))).toBeGreaterThan(4.5);
  });
});

describe("the plain loop", () => {
  it("hashes the counter start + i, also past 2^32", () => {
    const out = new Uint32Array(8);
    const hash = new Uint32Array(2);
    for (const start of [0, TWO32 - 4, 3 * TWO32 - 4, 2 ** 53 - 8]) {
      plain.plainBits(K0, K1, start, out);
      const expected = Array.from(out, (_, i) => {
        const counter = BigInt(start) + BigInt(i);
        threefry2x32(K0, K1, Number(counter >> 32n), Number(counter & 0xffffffffn), hash, 0);
        return (hash[0]! ^ hash[1]!) >>> 0;
      });
      expect([...out]).toEqual(expected);
    }
  });
});

describe("the plain loops", () => {
  it("have both words of the hash in words of 64 bits, also past 2^32", () => {
    const out = new BigUint64Array(8);
    const hash = new Uint32Array(2);
    for (const start of [0, TWO32 - 4, 3 * TWO32 - 4]) {
      plain.plainBits64(K0, K1, start, out);
      const expected = Array.from(out, (_, i) => {
        const counter = BigInt(start) + BigInt(i);
        threefry2x32(K0, K1, Number(counter >> 32n), Number(counter & 0xffffffffn), hash, 0);
        return (BigInt(hash[0]!) << 32n) | BigInt(hash[1]!);
      });
      expect([...out]).toEqual(expected);
    }
  });

  it("keep what is below the threshold, and not what is equal to it", () => {
    const [words, coins] = [new Uint32Array(8), new Uint8Array(8)];
    const [ones, kept] = [new Float32Array(8).fill(1), new Float32Array(8)];
    plain.plainBits(K0, K1, 0, words);
    for (const each of words) {
      const below = Array.from(words, (word) => (word >>> 9 < each >>> 9 ? 1 : 0));
      plain.plainBernoulli(K0, K1, 0, each >>> 9, coins);
      plain.plainMaskScale(K0, K1, 0, each >>> 9, 1, ones, kept);
      expect([[...coins], [...kept]]).toEqual([below, below]);
    }
  });
});

describe("where there is no WebAssembly", () => {
  const drawAll = (): Buffer[] => {
    const f = () => new Float32Array(5000);
    const outs: Out[] = [new Uint32Array(5000), f(), f(), f(), new Uint8Array(5000), f()];
    const [bits, uniform, normal, quantiles, coins, mask] = outs as [
      Uint32Array,
      Float32Array,
      Float32Array,
      Float32Array,
      Uint8Array,
      Float32Array,
    ];
    fillBits(K0, K1, 0, bits);
    fillUniform(K0, K1, 0, uniform);
    fillNormal(K0, K1, 0, normal);
    symmetric(0, quantiles);
    probit(quantiles);
    fillBernoulli(K0, K1, 0, P, coins);
    fillMaskScale(K0, K1, 0, P, SCALE, sourceOf(5000), mask);
    return outs.map(bytesOf);
  };

  it("the same numbers come from the plain loops", () => {
    const expected = drawAll();
    kernels.useKernels(false);
    vi.stubGlobal("WebAssembly", undefined);
    kernels.useKernels(true);
    const actual = drawAll();
    expect(kernels.hasKernels()).toBe(false);
    expect(actual.map((bytes, i) => bytes.equals(expected[i]!))).not.toContain(false);
  });

  it("or where a policy forbids to compile it", () => {
    kernels.useKernels(false);
    vi.stubGlobal("WebAssembly", {
      ...WebAssembly,
      Module: class {
        constructor() {
          throw new WebAssembly.CompileError("Refused to compile");
        }
      },
    });
    kernels.useKernels(true);
    const out = new Uint32Array(100);
    const expected = new Uint32Array(100);
    fillBits(K0, K1, 0, out);
    plain.plainBits(K0, K1, 0, expected);
    expect(out).toEqual(expected);
  });
});
