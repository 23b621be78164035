/** @file Measures CPU time: how several ways to do one thing alternate, and medians and spreads. */

/** One way to do the thing. */
export interface Contestant {
  readonly name: string;
  /** Does it once. */
  run(): void;
}

/** The result of {@link measure} for one contestant. */
export interface Result {
  readonly name: string;
  /** Median CPU time of a run over all threads of the process, in nanoseconds. */
  readonly nanoseconds: number;
}

/**
 * Runs all contestants once per round, in turn, so that a slow phase of the machine affects all of
 * them. The first two rounds warm up and do not count.
 */
export function measure(contestants: readonly Contestant[], rounds: number): Result[] {
  const times = contestants.map((): number[] => []);
  for (let round = -2; round < rounds; round++) {
    for (const [i, contestant] of contestants.entries()) {
      const before = process.cpuUsage();
      contestant.run();
      if (round >= 0) times[i]!.push(millisecondsSince(before) * 1e6);
    }
  }
  return contestants.map(({ name }, i) => ({ name, nanoseconds: median(times[i]!) }));
}

/** The CPU time of all threads of this process since `before`, in milliseconds. */
export function millisecondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** The median of some numbers. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Half the distance between the quartiles, as a share of the median. */
export function spread(values: readonly number[]): number {
  return (quantile(values, 0.75) - quantile(values, 0.25)) / 2 / median(values);
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = q * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
  return low + (high - low) * (place - Math.floor(place));
}
