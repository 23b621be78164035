/** @file Telling values from parts of States. */
import { isVariableState } from "../variable/variable-state.ts";
import { containerKind, itemsOf } from "./node.ts";

/** Whether there is a leaf of a State in lists and objects: what has one is a part of a State, and no value. */
export function holdsLeaf(value: unknown): boolean {
  if (containerKind(value) === undefined) return false;
  const open = [value as object];
  const seen = new Set(open);
  for (let next = open.pop(); next; next = open.pop()) {
    if (isVariableState(next)) return true;
    for (const item of itemsOf(next)) {
      if (typeof item !== "object" || item === null || containerKind(item) === undefined || seen.has(item))
        continue;
      seen.add(item);
      open.push(item);
    }
  }
  return false;
}
