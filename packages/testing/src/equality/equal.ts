/** @file Equality of tensors, States, models and containers of them. */
import { type Difference, differencesOf, printDifferences } from "./differences.ts";
import { snapshot } from "./snapshot.ts";
import { nearBy, type Tolerance } from "./tolerance.ts";

/**
 * Where two values differ, by path. Values are tensors, models, States, Variables, keys, plain data,
 * or arrays, plain objects and Maps of these. Models are compared by definition (classes, attributes,
 * sharing) and by State; metadata of Variables is part of the definition.
 * @param actual - A value.
 * @param expected - Another.
 * @param tolerance - When two numbers count as equal. @defaultValue "bits"
 * @returns an empty list if they are equal.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import { differences } from "@nnxjs/testing";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const [found] = await differences({ w: tf.tensor1d([1, 2]) }, { w: tf.tensor1d([1, 3]) });
 * found; // => { path: "w", text: "expected 3 at [1], got 2, at most 4194304 ulp" }
 * ```
 */
export async function differences(
  actual: unknown,
  expected: unknown,
  tolerance: Tolerance = "bits",
): Promise<Difference[]> {
  nearBy("differences", tolerance);
  return differencesOf(await snapshot(actual), await snapshot(expected), tolerance);
}

/**
 * Whether two values are equal, see {@link differences}.
 * @param actual - A value.
 * @param expected - Another.
 * @param tolerance - How far numbers may be apart.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import { areEqual } from "@nnxjs/testing";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(3, 2, { rngs: new nnx.Rngs(0) });
 * await areEqual(nnx.clone(model), model); // => true
 * await areEqual(tf.scalar(1), tf.scalar(1.001), { relative: 0.01, absolute: 0 }); // => true
 * ```
 */
export const areEqual = async (
  actual: unknown,
  expected: unknown,
  tolerance: Tolerance = "bits",
): Promise<boolean> => (await differences(actual, expected, tolerance)).length === 0;

/**
 * Throws an error that lists where two values differ, see {@link differences}. For Node's test
 * runner, and wherever there is no `expect`.
 * @param actual - A value.
 * @param expected - Another.
 * @param tolerance - How far numbers may be apart.
 * @throws an Error with one line for each place.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import { assertEqual } from "@nnxjs/testing";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await assertEqual(tf.add(tf.tensor1d([0.1]), 0.2), tf.tensor1d([0.3]), { ulp: 1 });
 * ```
 */
export async function assertEqual(
  actual: unknown,
  expected: unknown,
  tolerance: Tolerance = "bits",
): Promise<void> {
  const found = await differences(actual, expected, tolerance);
  if (found.length > 0) throw new Error(`assertEqual: expected equal values.\n${printDifferences(found)}`);
}
