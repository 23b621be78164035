/** @file Results that are not there yet: what runs later would not be recorded. */
import { describe, NnxError } from "../errors.ts";
import { forEachObject, isContainer, itemsOf } from "../data/containers.ts";
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

/** Values that are nested deeper are searched with a list of what was seen. */
const fewLevels = 12;

/** Whether a value surely has no Promise in it. Most results are small trees. */
function isThere(value: unknown, level = 0): boolean {
  if (typeof value !== "object" || value === null || isTensor(value)) return true;
  if (level > fewLevels || isLate(value)) return false;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isThere(value[i], level + 1)) return false;
    return true;
  }
  if (!isContainer(value)) return true;
  for (const item of itemsOf(value)) if (!isThere(item, level + 1)) return false;
  return true;
}

/**
 * Refuses results that are, or contain, Promises; nobody else will await them, so that they fail is
 * no news then.
 * @param source - Who returned it, for the message.
 */
export function refuseLate(where: string, source: () => string, value: unknown): void {
  if (isThere(value)) return;
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
