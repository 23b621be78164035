/** @file Turns nested values into a State. A definition provides their types and metadata. */
import { describe, StructureError } from "../errors.ts";
import { formatPath, type Path } from "../path.ts";
import { isPlainObject } from "../data/plain-object.ts";
import { isLiveState, requireLeaf } from "../state/check-state.ts";
import { readOn, rebuild } from "../state/rebuild.ts";
import { isLeaf, isSubtree, type StateNode } from "../state/state.ts";
import type { VariableDef } from "../variable/variable-state.ts";
import { Variable } from "../variable/variable.ts";
import type { GraphDef } from "./graph-def.ts";
import { definitionAt, onlyLeaf } from "./leaves-of-definition.ts";
import { isNoValue } from "./no-value.ts";
import { type Plan, planOf } from "./plan.ts";

/**
 * Returns the State that `given` describes. States that this library made are returned as they are.
 * In other objects, each value becomes a leaf of the type that the definition has at its path.
 * Values at paths that the definition does not have become leaves, too, so that errors can name
 * their paths.
 * @throws {@link StructureError} for anything that is neither a value nor a State.
 */
export function conform(where: string, graphdef: GraphDef, given: unknown): StateNode {
  if (isLiveState(where, given)) return given;
  const only = onlyLeaf(graphdef);
  if (only) return leafFor(where, () => [], given, only[0]);
  if (isLeaf(given)) return given;
  if (!isPlainObject(given)) throw refusal(where, [], "a State, or values by name", given);
  return read(where, graphdef, given);
}

function read(where: string, graphdef: GraphDef, given: Record<string, unknown>): StateNode {
  const plan = planOf(graphdef);
  const children = childrenOf(plan);
  // The position in the plan; -1 for the root, undefined where the definition has nothing.
  return rebuild<number | undefined>(given, -1, {
    where,
    below: (at, key) => (at === undefined ? undefined : children.get(at)?.get(key)),
    part: (child, at, path) => {
      if (isLiveState(where, child)) return child;
      const site = at === undefined ? undefined : plan[at];
      if (site !== undefined && site.kind !== "subtree")
        return leafFor(where, path, child, definitionAt(graphdef, site));
      return isSubtree(child) ? readOn : leafFor(where, path, child, anyVariable);
    },
  });
}

/** For values at paths that the definition does not have. */
const anyVariable: VariableDef = { kind: "variable", type: Variable, metadata: Object.freeze({}) };

function leafFor(
  where: string,
  path: () => Path,
  value: unknown,
  definition: VariableDef | undefined,
): StateNode {
  if (isLeaf(value)) return requireLeaf(where, path, value);
  if (definition === undefined) throw refusal(where, path(), "an array", value);
  if (isNoValue(value)) throw refusal(where, path(), `a value for the ${definition.type.typeName}`, value);
  const { type, metadata } = definition;
  return Object.freeze({ type, value, metadata });
}

/** The positions in the plan, by the position of their parent and their name. */
function childrenOf(plan: Plan): ReadonlyMap<number, ReadonlyMap<string, number>> {
  const children = new Map<number, Map<string, number>>();
  plan.forEach(({ parent, part }, i) => {
    const siblings = children.get(parent) ?? new Map<string, number>();
    children.set(parent, siblings.set(String(part), i));
  });
  return children;
}

const refusal = (where: string, path: Path, expected: string, got: unknown): StructureError =>
  new StructureError(
    `${where}${path.length > 0 ? ` at ${formatPath(path)}` : ""}: expected ${expected}, got ${describe(got)}. ` +
      "Pass a State of this model, as split and state return it, or its values, as toPure gives them.",
  );
