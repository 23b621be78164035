/** @file The frame that the checks share: one model per seed, with its inputs, freed at the end. */
import type { Tensor } from "../tensor.ts";
import { differencesOf, printDifferences } from "../equality/differences.ts";
import type { Snapshot } from "../equality/snapshot.ts";
import type { Tolerance } from "../equality/tolerance.ts";
import { hold, type Violation } from "./law.ts";
import { type CheckOptions, drop, type ForwardOf, type MakeModel, Subject } from "./subject.ts";

/**
 * Sums in another order differ in the last bits: on another backend, for another number of rows, and
 * where a layer uses one kernel unless a capture or a tape wants to see its parts.
 */
export const ROUNDING: Tolerance = { relative: 1e-3, absolute: 1e-4 };

/** A check of models by laws. */
export type Check<M extends object> = (
  subject: Subject<M>,
  seed: number,
  inputs: readonly Tensor[],
) => Promise<Violation | undefined>;

/**
 * Holds a model to what `check` says, for several seeds.
 * @param streams - The names of streams that the model gets beside the default one.
 */
export async function checkBy<M extends object>(
  where: string,
  makeModel: MakeModel<M>,
  forward: ForwardOf<M>,
  options: CheckOptions,
  check: Check<M>,
  streams?: readonly string[],
): Promise<void> {
  const subject = new Subject(where, makeModel, forward, options, streams);
  await hold(where, options, async (seed) => {
    const inputs = subject.inputs(seed);
    try {
      return await check(subject, seed, inputs);
    } finally {
      drop(inputs);
    }
  });
}

/** What differs first, for a violation; undefined if nothing does. */
export const difference = (
  actual: Snapshot,
  expected: Snapshot,
  tolerance: Tolerance = "bits",
): string | undefined => {
  const all = differencesOf(actual, expected, tolerance);
  return all.length === 0 ? undefined : `at ${printDifferences(all.slice(0, 1))}`;
};
