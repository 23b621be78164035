/** @file Creates the parts that an update adds to a model. */
import { pathOf, type Place } from "../data/place.ts";
import { StructureError, describe } from "../errors.ts";
import { leaveToModules } from "../ownership/lease.ts";
import { formatPath, type Path } from "../path.ts";
import { isLeaf, isSubtree, setOwn, type StateNode } from "../state/state.ts";
import { isVariableState } from "../variable/variable-state.ts";
import { variableFromState } from "../variable/from-state.ts";
import { Variable } from "../variable/variable.ts";
import { GraphNode } from "./node.ts";

/**
 * Yields the leaves in nested values, in order, each with its place. The values must not contain
 * themselves.
 */
export function* leavesIn(values: unknown): Generator<readonly [value: unknown, place: Place]> {
  const open: (readonly [unknown, Place])[] = [[values, { part: "", parent: undefined }]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [value, parent] = next;
    if (!isSubtree(value)) yield next;
    else for (const [part, item] of Object.entries(value).reverse()) open.push([item, { part, parent }]);
  }
}

/**
 * Checks nested values. They must not contain themselves.
 * @param check - Throws for a value that cannot be stored.
 * @param root - The path in the model where the values will be.
 */
export function checkCreated(
  values: unknown,
  root: () => Path,
  check: (value: unknown, path: () => Path) => void,
): void {
  for (const [value, place] of leavesIn(values)) {
    const path = (): Path => [...root(), ...pathOf(place)];
    if (value instanceof GraphNode || value instanceof Variable) {
      throw new StructureError(
        `update at ${formatPath(path())}: expected a value, got ${describe(value)}. Pass its State, as state returns it.`,
      );
    }
    check(value, path);
  }
}

/**
 * Makes new Variables for the leaves of Variables. Other values stay as they are, in new objects of
 * the same structure.
 */
export function create(values: unknown): unknown {
  if (!isSubtree(values)) return created(values);
  const root: Record<string, unknown> = {};
  const open: (readonly [Readonly<Record<string, unknown>>, Record<string, unknown>])[] = [[values, root]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [given, made] = next;
    for (const [key, item] of Object.entries(given)) {
      const own = isSubtree(item) ? {} : created(item);
      setOwn(made as Record<string, StateNode>, key, own as StateNode);
      if (isSubtree(item)) open.push([item, own as Record<string, unknown>]);
    }
  }
  return root;
}

function created(value: unknown): unknown {
  if (isVariableState(value)) return variableFromState(value);
  // The caller may release the array later, but the module still uses it.
  if (isLeaf(value)) leaveToModules(value);
  return value;
}
