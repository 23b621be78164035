/** @file Functions that are taken for what they return. */
import { NnxError } from "../errors.ts";

/**
 * A function that a transformation returns. Taking it apart
 * (`const [y, seen] = capture(model, types)`) raises an error that says that it was not called.
 * @param where - The transformation.
 */
export function notAResult<F extends (...args: never) => unknown>(where: string, f: F): F {
  // Not in the type: TypeScript refuses to take a function apart by itself.
  Object.defineProperty(f, Symbol.iterator, {
    value: () => {
      throw new NnxError(
        `${where}: expected its result to be called before it is taken apart, got a function that was not. Write ${where}(...)(...).`,
      );
    },
  });
  return f;
}
