/** @file Says where peers disagree about the numbers of a case. */
import type { Outcome } from "../peers/alternate.ts";

const TOLERANCE = 1e-3;

/** One line for each peer whose numbers are not those of ours. */
export function disagreements(entry: string, outcomes: readonly Outcome[]): string[] {
  const [reference] = outcomes;
  const expected = reference?.numbers ?? [];
  return outcomes.flatMap(({ peer, numbers = [] }) => {
    const differs = numbers.some((x, i) => {
      const wanted = expected[i];
      return wanted !== undefined && !(Math.abs(x - wanted) <= TOLERANCE * Math.max(1, Math.abs(wanted)));
    });
    const show = (list: readonly number[]): string => list.map((x) => x.toPrecision(6)).join(", ");
    return differs
      ? [`${entry}: ${peer} computes ${show(numbers)}, ${reference!.peer} ${show(expected)}`]
      : [];
  });
}
