/** @file Results that are not there yet: what runs later would not be recorded. */
import { describe, NnxError } from "../errors.ts";
import { forEachObject, isContainer } from "../data/containers.ts";
import { isTensor } from "../tensor.ts";

const isLate = (x: object): boolean => "then" in x && typeof x.then === "function";

/**
 * The Promises (and what is awaited like one) in a result, in arrays, plain objects and Maps too.
 */
function lateIn(value: unknown): object[] {
  const late: object[] = [];
  forEachObject(value, (object) => {
    if (!isLate(object)) return isContainer(object);
    late.push(object);
    return false;
  });
  return late;
}

/**
 * Refuses results that are, or contain, Promises; nobody else will await them, so that they fail is
 * no news then.
 * @param source - Who returned it, for the message.
 */
export function refuseLate(where: string, source: () => string, value: unknown): void {
  // Nearly everything that methods return is a tensor: no need to look into it.
  if (typeof value !== "object" || value === null || isTensor(value)) return;
  const all = lateIn(value);
  const [late] = all;
  if (!late) return;
  // Not for other thenables: some start their work when `then` is called.
  for (const each of all) if (each instanceof Promise) each.catch(() => {});
  throw new NnxError(
    `${where}: expected ${source()} to return its result, got ${late === value ? "" : `${describe(value)} with `}` +
      `${late instanceof Promise ? "a Promise" : "a thenable"}. ` +
      "Await inputs before the call and read results after it: what runs later is not seen.",
  );
}
