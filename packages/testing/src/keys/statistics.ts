/**
 * @file Statistical laws of random numbers. The threshold is the one that L'Ecuyer and Simard give
 * for a clear failure ("TestU01", ACM TOMS 33(4), 2007): a p-value of 1e-10.
 */
import { NnxError } from "@nnxjs/nnx-core";
import { checkFunction, checkOptions } from "@nnxjs/nnx-core/internal";
import { type PRNGKey, random } from "@nnxjs/rnglib";
import { ones } from "./ones.ts";

/** The standard normal exceeds this with probability 1e-10 (both sides together). */
const LIMIT = 6.47;
/** The same for Kolmogorov's statistic: 2·exp(-2·x²) = 1e-10. */
const KOLMOGOROV = 3.443;

/** What the statistical laws are about. */
export interface StatisticsOptions {
  /** Makes n words of 32 random bits from a key. @defaultValue `(key, n) => random.bits(key, [n])` */
  readonly bits?: (key: PRNGKey, n: number) => ArrayLike<number>;
  /** The seed that keys are made from. @defaultValue 0 */
  readonly seed?: number;
}

const own = (key: PRNGKey, n: number): ArrayLike<number> => random.bits(key, [n]);

function read(where: string, options: StatisticsOptions): Required<StatisticsOptions> {
  checkOptions<StatisticsOptions>(where, options, { bits: true, seed: true });
  const { bits = own, seed = 0 } = options;
  checkFunction(where, bits, "{ bits }");
  const checked = (key: PRNGKey, n: number): ArrayLike<number> => {
    const words = bits(key, n);
    if (words.length === n) return words;
    throw new NnxError(`${where}: expected ${n} words from bits, got ${words.length}. Return a Uint32Array.`);
  };
  return { bits: checked, seed };
}

/** @throws NnxError unless a standard normal value could be this by chance. */
function expectNormal(where: string, what: string, z: number, cause: string): void {
  if (Math.abs(z) <= LIMIT) return;
  throw new NnxError(
    `${where}: expected ${what} within ${LIMIT} standard deviations (a chance of 1e-10), got ${z.toFixed(1)}. ${cause}`,
  );
}

/** The normal value of a χ² statistic: Wilson and Hilferty 1931. */
const normalOfSquares = (squares: number, degrees: number): number =>
  (Math.cbrt(squares / degrees) - (1 - 2 / (9 * degrees))) / Math.sqrt(2 / (9 * degrees));

function chiSquared(counts: ArrayLike<number>, total: number): number {
  const expected = total / counts.length;
  let sum = 0;
  for (let i = 0; i < counts.length; i++) sum += ((counts[i] as number) - expected) ** 2 / expected;
  return normalOfSquares(sum, counts.length - 1);
}

const WORDS = 2 ** 16;

/**
 * Holds a generator to uniformity: in 65,536 words of one key, every bit is set half of the time,
 * bytes are equally frequent, and so are pairs of successive bytes.
 * @throws NnxError with how many standard deviations it is off.
 * @example
 * ```ts
 * import { checkUniformBits } from "@nnxjs/testing";
 *
 * checkUniformBits({ seed: 1 });
 * ```
 */
export function checkUniformBits(options: StatisticsOptions = {}): void {
  const where = "checkUniformBits";
  const { bits, seed } = read(where, options);
  const words = Uint32Array.from(bits(random.key(seed), WORDS));
  for (let bit = 0; bit < 32; bit++) {
    let set = 0;
    for (const word of words) set += (word >>> bit) & 1;
    const z = (2 * set - WORDS) / Math.sqrt(WORDS);
    expectNormal(
      where,
      `bit ${bit} to be set half of the time,`,
      z,
      "The generator prefers one value of it.",
    );
  }
  const bytes = new Uint8Array(words.buffer);
  const single = new Float64Array(256);
  const pairs = new Float64Array(65536);
  for (let i = 0; i < bytes.length; i++) {
    single[bytes[i]!]!++;
    if (i % 2 === 1) pairs[bytes[i - 1]! * 256 + bytes[i]!]!++;
  }
  const cause = "The generator prefers some values, or repeats itself.";
  expectNormal(where, "bytes to be equally frequent (χ²),", chiSquared(single, bytes.length), cause);
  expectNormal(
    where,
    "pairs of bytes to be equally frequent (χ²),",
    chiSquared(pairs, bytes.length / 2),
    cause,
  );
}

/**
 * Holds a generator to the independence of its keys: words of neighbouring seeds, of neighbouring
 * folds, of a key and its fold, and of the parts of a split agree in half of their bits, also when
 * one is shifted by a word.
 * @throws NnxError with the pair of keys, and how many standard deviations it is off.
 * @example
 * ```ts
 * import { checkIndependentStreams } from "@nnxjs/testing";
 *
 * checkIndependentStreams({ seed: 1 });
 * ```
 */
export function checkIndependentStreams(options: StatisticsOptions = {}): void {
  const where = "checkIndependentStreams";
  const { bits, seed } = read(where, options);
  const key = random.key(seed);
  const parts = random.split(key);
  const [left, right] = [parts.at(0), parts.at(1)];
  const pairs: readonly (readonly [string, PRNGKey, PRNGKey])[] = [
    ["neighbouring seeds", key, random.key((seed + 1) % 2 ** 32)],
    ["neighbouring folds", random.foldIn(key, 0), random.foldIn(key, 1)],
    ["a key and its fold", key, random.foldIn(key, 0)],
    ["the parts of a split", left, right],
    ["a key and a part of its split", key, left],
  ];
  const n = WORDS / 4;
  for (const [what, one, two] of pairs) {
    const [a, b] = [bits(one, n), bits(two, n)];
    for (const shift of [0, 1]) {
      let equal = 0;
      for (let i = 0; i + shift < n; i++) equal += 32 - ones((a[i]! ^ b[i + shift]!) >>> 0);
      const total = 32 * (n - shift);
      const z = (2 * equal - total) / Math.sqrt(total);
      expectNormal(where, `${what} to agree in half of their bits,`, z, "One stream tells of the other.");
    }
  }
}

/**
 * Holds a generator to the avalanche criterion: another value of any one bit of the seed, or of what
 * is folded into the key, changes each bit of the output half of the time, over 2,048 keys.
 * @throws NnxError with the bits, and how many standard deviations it is off.
 * @see Webster and Tavares, "On the Design of S-Boxes", CRYPTO '85
 * @example
 * ```ts
 * import { checkAvalanche } from "@nnxjs/testing";
 *
 * checkAvalanche({ seed: 1 });
 * ```
 */
export function checkAvalanche(options: StatisticsOptions = {}): void {
  const where = "checkAvalanche";
  const { bits, seed } = read(where, options);
  const n = 2048;
  const numbers = random.bits(random.key(seed), [n]);
  const ways = {
    "the seed": (x: number) => random.key(x),
    "what is folded in": (x: number) => random.foldIn(random.key(seed), x),
  };
  for (const [what, keyOf] of Object.entries(ways)) {
    const plain = Array.from(numbers, (x) => bits(keyOf(x), 1)[0]!);
    for (let from = 0; from < 32; from++) {
      const flips = new Float64Array(32);
      plain.forEach((word, i) => {
        const changed = word ^ bits(keyOf((numbers[i]! ^ (1 << from)) >>> 0), 1)[0]!;
        for (let to = 0; to < 32; to++) flips[to]! += (changed >>> to) & 1;
      });
      flips.forEach((count, to) => {
        const z = (2 * count - n) / Math.sqrt(n);
        expectNormal(
          where,
          `bit ${from} of ${what} to change bit ${to} of the output half of the time,`,
          z,
          "Similar keys give similar numbers.",
        );
      });
    }
  }
}

/**
 * Holds a sampler to a distribution: Kolmogorov's test of its values.
 * @param values - Values that were drawn, at least 100.
 * @param cdf - The probability of values up to x. The distribution is continuous.
 * @throws NnxError with the distance, and where it is greatest.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import { random } from "@nnxjs/nnx";
 * import { checkDistribution } from "@nnxjs/testing";
 *
 * const values = await random.exponential(random.key(0), [10_000]).data();
 * checkDistribution(values, (x) => 1 - Math.exp(-x));
 * ```
 */
export function checkDistribution(values: ArrayLike<number>, cdf: (x: number) => number): void {
  const where = "checkDistribution";
  checkFunction(where, cdf, "values, cdf", "second");
  const n = values.length;
  if (!(n >= 100)) throw new NnxError(`${where}: expected at least 100 values, got ${n}. Draw more.`);
  const sorted = Float64Array.from(values).sort();
  let distance = 0;
  let at = Number.NaN;
  sorted.forEach((x, i) => {
    const p = cdf(x);
    const far = Math.max(Math.abs((i + 1) / n - p), Math.abs(p - i / n));
    // NaN is far from everything.
    if (!(far <= distance)) [distance, at] = [far, x];
  });
  if (distance * Math.sqrt(n) <= KOLMOGOROV) return;
  throw new NnxError(
    `${where}: expected the distribution function within ${(KOLMOGOROV / Math.sqrt(n)).toPrecision(2)} ` +
      `(a chance of 1e-10), got ${distance.toPrecision(2)} at ${at}. The values have another distribution, or depend on each other.`,
  );
}
