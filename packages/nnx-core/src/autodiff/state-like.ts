/** @file Telling States from other records. */
import { containerKind } from "../graph/node.ts";
import { isOwner } from "../state/holding.ts";
import { isLeaf, type State } from "../state/state.ts";
import { isVariableState } from "../variable/variable-state.ts";

/** Whether `x` is a State (or a part of one): a record that ends in leaves of States everywhere, and in a Variable's at least once. */
export function isStateLike(x: unknown): x is State {
  if (containerKind(x) !== "record") return false;
  if (isOwner(x as object)) return true;
  let variables = 0;
  const open: unknown[] = [x];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (isVariableState(next)) variables++;
    else if (isLeaf(next)) continue;
    else if (containerKind(next) === "record") open.push(...Object.values(next as object));
    else return false;
  }
  return variables > 0;
}
