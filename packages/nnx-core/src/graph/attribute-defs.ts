/**
 * @file The entries of GraphDefs. Equal ones are mostly one object, since a model has thousands.
 */
import type { VariableDef } from "../variable/variable-state.ts";
import type { AttributeDef } from "./graph-def.ts";

/** An array without a Variable around it. */
export const arrayDef: AttributeDef = Object.freeze({ kind: "array" });

const leaves = new WeakMap<VariableDef, AttributeDef>();

/** A leaf of a State that a model keeps. */
export function leafDef(definition: VariableDef): AttributeDef {
  const known = leaves.get(definition);
  if (known) return known;
  const created: AttributeDef = Object.freeze({ kind: "leaf", definition });
  leaves.set(definition, created);
  return created;
}

const nodes: AttributeDef[] = [];

/** Node number `index`. */
export function nodeDef(index: number): AttributeDef {
  const known = nodes[index];
  if (known) return known;
  const created: AttributeDef = Object.freeze({ kind: "node", index });
  // Filled without holes, so that it stays an array for the engine too.
  if (index === nodes.length) nodes.push(created);
  return created;
}

const statics = new Map<unknown, AttributeDef>();
const mostStatics = 1000;

/** A static value. */
export function staticDef(value: unknown): AttributeDef {
  const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
  // A Map takes -0 for 0, but they are different values.
  if (isObject || value === 0) return Object.freeze({ kind: "static", value });
  const known = statics.get(value);
  if (known) return known;
  const created: AttributeDef = Object.freeze({ kind: "static", value });
  if (statics.size < mostStatics) statics.set(value, created);
  return created;
}
