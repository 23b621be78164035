/**
 * @file Makes the entries of GraphDefs. Since a model has thousands, equal entries are mostly one
 * object.
 */
import type { VariableDef } from "../variable/variable-state.ts";
import type { AttributeDef } from "./graph-def.ts";

/** The entry of an array without a Variable. */
export const arrayDef: AttributeDef = Object.freeze({ kind: "array" });

/** The entry of a leaf of a State that a model keeps. */
export const leafDef = (definition: VariableDef): AttributeDef => Object.freeze({ kind: "leaf", definition });

/** Cache of node entries by index. Without it `split` takes 1.1 times as long. */
const nodes: AttributeDef[] = [];
/**
 * Only the largest models have more nodes. The limit keeps such a model from growing the cache for
 * good.
 */
const mostNodes = 10_000;

/** The entry of node number `index`. */
export function nodeDef(index: number): AttributeDef {
  const known = nodes[index];
  if (known) return known;
  const created: AttributeDef = Object.freeze({ kind: "node", index });
  // Filled without holes, so that JavaScript engines keep it as a fast array.
  if (index === nodes.length && index < mostNodes) nodes.push(created);
  return created;
}

/** Cache of entries by static value. Without it `equalGraphDefs` takes 1.1 to 1.2 times as long. */
const statics = new Map<unknown, AttributeDef>();
/** The limit keeps the cache from growing without end in programs that create new values. */
const mostStatics = 1000;

/** The entry of a static value. */
export function staticDef(value: unknown): AttributeDef {
  const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
  // A Map treats -0 and 0 as one key, but they are different values.
  if (isObject || value === 0) return Object.freeze({ kind: "static", value });
  const known = statics.get(value);
  if (known) return known;
  const created: AttributeDef = Object.freeze({ kind: "static", value });
  if (statics.size < mostStatics) statics.set(value, created);
  return created;
}
