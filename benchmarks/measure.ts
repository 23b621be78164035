/** @file Measures the CPU time of several ways to do one thing, in alternation in one process. */

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
      const { user, system } = process.cpuUsage(before);
      if (round >= 0) times[i]!.push((user + system) * 1000);
    }
  }
  return contestants.map(({ name }, i) => ({ name, nanoseconds: median(times[i]!) }));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
