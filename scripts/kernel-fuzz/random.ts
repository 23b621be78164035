/** @file Random tensors, the same for the same seed: odd shapes, and numbers that are no usual ones. */

export type Dtype = "float32" | "int32" | "bool";

/** A tensor as numbers, on no backend. */
export interface Plain {
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  readonly values: readonly number[];
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** What a float32 number may be besides a small one. */
const SPECIAL: readonly number[] = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0,
  -0,
  2 ** -149,
  -(2 ** -149),
  1e-40,
  2 ** -126,
  -1e-20,
  1,
  -1,
  0.5,
  2.5,
  -3.5,
  6,
  88.7,
  -104,
  2 ** 23 + 1,
  -(2 ** 24),
  3e9,
  1e19,
  -1e30,
  3.4e38,
  -3.4e38,
];
/** Those that no sum makes infinite. */
const MILD: readonly number[] = [0, -0, 2 ** -149, -1e-40, 1, -1, 2.5, 100, -1e-20];
const INTS: readonly number[] = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 24 + 1, 255, 256, -7];

/** What the numbers of a tensor are like. */
export type Kind = "wild" | "mild" | "plain";

/** A source of random choices. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = (Math.imul(seed, 2654435761) ^ 0x9e3779b9) >>> 0;
    for (let i = 0; i < 4; i++) this.unit();
  }

  /** From 0 to 1. */
  unit(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  below(n: number): number {
    return Math.floor(this.unit() * n);
  }

  /** From `from` to `to`, both included. */
  int(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  chance(p: number): boolean {
    return this.unit() < p;
  }

  /** The size of an axis: often 1, small or odd, now and then 0 or larger. */
  size(most = 9): number {
    const r = this.unit();
    if (r < 0.03) return 0;
    if (r < 0.2) return 1;
    if (r < 0.9) return this.int(2, most);
    return this.int(most, 4 * most);
  }

  /** A shape of at most some 20,000 elements. */
  shape(mostAxes = 7, leastAxes = 0): number[] {
    const rank = this.int(leastAxes, mostAxes);
    const shape = Array.from({ length: rank }, () => this.size(rank > 4 ? 3 : rank > 2 ? 6 : 40));
    while (sizeOf(shape) > 20_000) shape[this.below(rank)] = 2;
    return shape;
  }

  number(dtype: Dtype, kind: Kind): number {
    if (dtype === "bool") return this.below(2);
    if (dtype === "int32") return kind === "wild" && this.chance(0.2) ? this.of(INTS) : this.int(-9, 9);
    if (kind === "wild" && this.chance(0.12)) return Math.fround(this.of(SPECIAL));
    if (kind === "mild" && this.chance(0.1)) return Math.fround(this.of(MILD));
    const scale = kind === "plain" ? 1 : 10 ** this.int(-3, 1);
    return Math.fround((this.unit() * 2 - 1) * scale);
  }

  /** @param kind - Usual numbers only (`plain`), no infinite ones (`mild`), or all (`wild`). */
  tensor(shape: readonly number[], dtype: Dtype = "float32", kind: Kind = "wild"): Plain {
    const calm = this.chance(0.3) ? "plain" : kind;
    const values = Array.from({ length: sizeOf(shape) }, () => this.number(dtype, calm));
    return { shape, dtype, values };
  }

  /** A shape that is repeated up to `shape`, or `shape` itself. */
  narrower(shape: readonly number[]): number[] {
    if (this.chance(0.3)) return [...shape];
    const own = shape.map((n) => (this.chance(0.35) ? 1 : n));
    return own.slice(this.chance(0.4) ? this.int(0, own.length) : 0);
  }

  shuffled<T>(list: readonly T[]): T[] {
    const result = [...list];
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [result[i], result[j]] = [result[j]!, result[i]!];
    }
    return result;
  }
}
