/** @file Functions that users may mistake for their results. */
import { NnxError } from "../errors.ts";

/**
 * Prepares a function that a transformation returns. Destructuring the function itself
 * (`const [y, seen] = capture(model, types)`) then throws an error that says to call it first.
 * @param where - The transformation.
 */
export function notAResult<F extends (...args: never) => unknown>(where: string, f: F): F {
  // The type does not declare this, so TypeScript still rejects destructuring the function.
  Object.defineProperty(f, Symbol.iterator, {
    value: () => {
      throw new NnxError(
        `${where}: expected its result to be called before it is taken apart, got a function that was not. Write ${where}(...)(...).`,
      );
    },
  });
  return f;
}
