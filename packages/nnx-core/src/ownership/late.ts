/** @file Results that are not there yet: what runs later would not be recorded. */
import { describe, NnxError } from "../errors.ts";
import { isContainer, itemsOf } from "../data/containers.ts";
import { isTensor } from "../tensor.ts";

const isLate = (x: object): boolean => "then" in x && typeof x.then === "function";

/**
 * The Promises (and what is awaited like one) in a result, in arrays, plain objects and Maps too.
 */
function* lateIn(value: unknown, seen: Set<object>): Generator<object> {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  if (isLate(value)) yield value;
  else if (isContainer(value)) for (const item of itemsOf(value)) yield* lateIn(item, seen);
}

/**
 * Refuses results that are, or contain, Promises; nobody else will await them, so that they fail is
 * no news then.
 * @param source - Who returned it, for the message.
 */
export function refuseLate(where: string, source: () => string, value: unknown): void {
  // Nearly everything that methods return is a tensor: no need to look into it.
  if (typeof value !== "object" || value === null || isTensor(value)) return;
  const [late, ...more] = lateIn(value, new Set());
  if (!late) return;
  // Not for other thenables: some start their work when `then` is called.
  for (const each of [late, ...more]) if (each instanceof Promise) each.catch(() => {});
  throw new NnxError(
    `${where}: expected ${source()} to return its result, got ${late === value ? "" : `${describe(value)} with `}` +
      `${late instanceof Promise ? "a Promise" : "a thenable"}. ` +
      "Await inputs before the call and read results after it: what runs later is not seen.",
  );
}
