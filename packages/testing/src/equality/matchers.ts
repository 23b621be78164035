/** @file Matchers for vitest and jest. */
import { type Difference, printDifferences } from "./differences.ts";
import { differences } from "./equal.ts";
import type { Tolerance } from "./tolerance.ts";

/** What a matcher returns to vitest or jest. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

const resultOf = (found: readonly Difference[]): MatcherResult => ({
  pass: found.length === 0,
  message: () =>
    found.length === 0
      ? "expected values that differ, got equal ones"
      : `expected equal values\n${printDifferences(found)}`,
});

/**
 * Matchers for `expect.extend`. `toEqualValues` compares tensors, States, models and containers of
 * them, see {@link differences}. It reads tensors without blocking, so await it.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import { nnxMatchers } from "@nnxjs/testing";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * // In a setup file: expect.extend(nnxMatchers). In a test: await expect(a).toEqualValues(b).
 * const { pass } = await nnxMatchers.toEqualValues(tf.ones([2]), tf.ones([2]));
 * pass; // => true
 * ```
 */
export const nnxMatchers = {
  toEqualValues: async (
    actual: unknown,
    expected: unknown,
    tolerance: Tolerance = "bits",
  ): Promise<MatcherResult> => resultOf(await differences(actual, expected, tolerance)),
};
