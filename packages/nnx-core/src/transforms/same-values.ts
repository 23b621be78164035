/** @file Whether values are equal that must be the same for every slice. */
import { isArrayLike } from "../data/array-like.ts";
import { containerKind, entriesOf } from "../data/containers.ts";
import { isTensor, sameTensors } from "../tensor.ts";

/** Whether two values are equal. Reads tensors that are not the same object, for `where`. */
export function sameValues(where: string, a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (isTensor(a) || isTensor(b))
    return (
      isTensor(a) &&
      isTensor(b) &&
      sameTensors(a, b, where, "What slices share and each writes is compared: give it an axis.")
    );
  // Keys know whether they are equal.
  if (isArrayLike(a)) return "equals" in a && typeof a.equals === "function" && a.equals(b) === true;
  const kind = containerKind(a);
  if (kind === undefined || kind !== containerKind(b)) return false;
  const own = entriesOf(a as object);
  const others = new Map(entriesOf(b as object));
  return (
    own.length === others.size &&
    own.every(([key, item]) => others.has(key) && sameValues(where, item, others.get(key)))
  );
}
