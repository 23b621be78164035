/** @file Checks arguments for disposed tensors. */
import { describe, disposedAdvice, DisposedError } from "../errors.ts";
import { forEachTensor } from "../ownership/tensors-in.ts";
import { isOwner } from "./holding.ts";

/**
 * @throws {@link DisposedError} for a disposed tensor in an argument, also in arrays, plain objects
 * and Maps.
 */
export function refuseDisposed(where: string, args: readonly unknown[]): void {
  args.forEach((argument, i) => {
    // States are skipped: the code that uses a State checks its leaves, and a State may be deeper
    // than `forEachTensor` goes.
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
