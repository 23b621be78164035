/** @file Telling values from parts of States. */
import { isContainer, itemsOf } from "../data/containers.ts";
import { isVariableState } from "../variable/variable-state.ts";

/**
 * Whether there is a leaf of a State in lists and objects: what has one is a part of a State, and
 * no value.
 */
export function holdsLeaf(value: unknown): boolean {
  if (!isContainer(value)) return false;
  const open = [value];
  const seen = new Set(open);
  for (let next = open.pop(); next; next = open.pop()) {
    if (isVariableState(next)) return true;
    for (const item of itemsOf(next)) {
      if (!isContainer(item) || seen.has(item)) continue;
      seen.add(item);
      open.push(item);
    }
  }
  return false;
}
