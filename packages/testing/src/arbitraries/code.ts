/** @file Code that rebuilds what an arbitrary made, for counterexamples. */
import fc from "fast-check";

const codes = new WeakMap<object, string>();

/** Notes the code that rebuilds a value. fast-check prints it in counterexamples. */
export function withCode<T extends object>(value: T, code: string): T {
  codes.set(value, code);
  // A symbol that is not enumerable: neither graphs nor States see it.
  if (Object.isExtensible(value)) Object.defineProperty(value, fc.toStringMethod, { value: () => code });
  return value;
}

/** A number as JavaScript writes it, -0 too. */
export const codeOfNumber = (x: number): string => (Object.is(x, -0) ? "-0" : String(x));

/**
 * Code that rebuilds a value which an arbitrary of this package made; for other values what
 * fast-check prints. It uses `nnx`, `tf` and `random`, as in
 * `import * as nnx from "@nnxjs/nnx"`, `import * as tf from "@tensorflow/tfjs-core"` and `const { random } = nnx`.
 * @param value - Any value, a counterexample.
 * @example
 * ```ts
 * import fc from "fast-check";
 * import { codeOf, keys } from "@nnxjs/testing";
 *
 * const [key] = fc.sample(keys(), { numRuns: 1, seed: 1 });
 * codeOf(key).startsWith("random."); // => true
 * ```
 */
export const codeOf = (value: unknown): string =>
  (typeof value === "object" && value !== null ? codes.get(value) : undefined) ??
  (typeof value === "number" ? codeOfNumber(value) : fc.stringify(value));
