/** @file The entries of GraphDefs. Equal static values are mostly one object. */
import type { VariableDef } from "../variable/variable-state.ts";
import type { AttributeDef } from "./graph-def.ts";

/** An array without a Variable around it. */
export const arrayDef: AttributeDef = Object.freeze({ kind: "array" });

/** A leaf of a State that a model keeps. */
export const leafDef = (definition: VariableDef): AttributeDef => Object.freeze({ kind: "leaf", definition });

/** Node number `index`. */
export const nodeDef = (index: number): AttributeDef => Object.freeze({ kind: "node", index });

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
