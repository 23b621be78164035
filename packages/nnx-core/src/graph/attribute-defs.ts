/** @file The entries of GraphDefs. Equal ones are mostly one object, since a model has thousands. */
import type { VariableDef } from "../variable/variable-state.ts";
import type { AttributeDef } from "./graph-def.ts";

/** An array without a Variable around it. */
export const arrayDef: AttributeDef = Object.freeze({ kind: "array" });

/** A leaf of a State that a model keeps. */
export const leafDef = (definition: VariableDef): AttributeDef => Object.freeze({ kind: "leaf", definition });

/** Without it `split` takes 1.1 times as long. */
const nodes: AttributeDef[] = [];
/** Only the largest models have more; it must not stay as long as theirs. */
const mostNodes = 10_000;

/** Node number `index`. */
export function nodeDef(index: number): AttributeDef {
  const known = nodes[index];
  if (known) return known;
  const created: AttributeDef = Object.freeze({ kind: "node", index });
  // Filled without holes, so that it stays an array for the engine too.
  if (index === nodes.length && index < mostNodes) nodes.push(created);
  return created;
}

/** Without it `equalGraphDefs` takes 1.1 to 1.2 times as long. */
const statics = new Map<unknown, AttributeDef>();
/** It must not grow without end: programs may make up values. */
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
