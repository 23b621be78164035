/** @file The check of arguments for tensors that are gone. */
import { describe, disposedAdvice, DisposedError } from "../errors.ts";
import { forEachTensor } from "../ownership/tensors-in.ts";
import { isOwner } from "./holding.ts";

/**
 * @throws {@link DisposedError} for a disposed tensor in an argument, also in arrays, plain objects
 * and Maps.
 */
export function refuseDisposed(where: string, args: readonly unknown[]): void {
  args.forEach((argument, i) => {
    // Whoever uses a State looks at each of its leaves: it may be deeper than what is walked here.
    if (typeof argument === "object" && argument !== null && isOwner(argument)) return;
    refuseDisposedIn(where, `argument ${i}`, argument);
  });
}

/** @param place - What the message calls the value. */
export function refuseDisposedIn(where: string, place: string, value: unknown): void {
  forEachTensor(value, (tensor) => {
    if (!tensor.isDisposed) return;
    throw new DisposedError(
      `${where}: expected live tensors in ${place}, got ${describe(tensor)} that was disposed. ${disposedAdvice}`,
    );
  });
}
