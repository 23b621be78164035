/** @file Values over the steps of a training, in bounded memory. */

const MOST = 500;

/** The values of neighbouring steps, whose mean is shown. */
interface Bucket {
  readonly sums: number[];
  count: number;
}

const joined = (a: Bucket | undefined, b: Bucket | undefined): Bucket | undefined =>
  a && b ? { sums: a.sums.map((sum, i) => sum + (b.sums[i] as number)), count: a.count + b.count } : (a ?? b);

type Values = readonly (number | null)[];

/** Several curves with the same steps. */
export class Curves {
  private buckets: (Bucket | undefined)[] = [];
  /** What had come after the step at which training branched off last. */
  private past: (Bucket | undefined)[] = [];
  private width = 1;

  push(step: number, values: readonly number[]): void {
    const index = Math.floor(step / this.width);
    this.buckets[index] = joined(this.buckets[index], { sums: [...values], count: 1 });
    if (index < MOST) return;
    this.width *= 2;
    this.buckets = halved(this.buckets);
    this.past = halved(this.past);
  }

  /** What comes after a step is past. */
  branch(step: number): void {
    const index = Math.floor(step / this.width) + 1;
    this.past = this.buckets.map((bucket, i) => (i < index ? undefined : bucket));
    this.buckets = this.buckets.slice(0, index);
  }

  get steps(): number[] {
    const length = Math.max(this.buckets.length, this.past.length);
    return Array.from({ length }, (_, i) => i * this.width);
  }

  /** The values of a curve at each of the steps. */
  now(curve: number): Values {
    return this.valuesOf(this.buckets, curve);
  }

  before(curve: number): Values {
    return this.valuesOf(this.past, curve);
  }

  /** Where a step is among the steps. */
  indexOf(step: number): number {
    return Math.floor(step / this.width);
  }

  private valuesOf(buckets: readonly (Bucket | undefined)[], curve: number): Values {
    return this.steps.map((_, i) => {
      const bucket = buckets[i];
      return bucket ? (bucket.sums[curve] as number) / bucket.count : null;
    });
  }
}

const halved = (buckets: readonly (Bucket | undefined)[]): (Bucket | undefined)[] =>
  Array.from({ length: Math.ceil(buckets.length / 2) }, (_, i) => joined(buckets[2 * i], buckets[2 * i + 1]));
