/** @file Definitions of Variables: one shared object for each type and metadata object. */
import type { Metadata, VariableDef, VariableType } from "./variable-state.ts";

/**
 * Cache of definitions by metadata object, which is frozen. Most Variables share the empty one, so
 * each list holds a few types only. Without this cache `equalGraphDefs` takes 1.2 times as long,
 * and `split` 1.1 times.
 */
const byMetadata = new WeakMap<Metadata, VariableDef[]>();

/** The definition of a Variable of this type with this metadata object. */
export function definitionOf(type: VariableType, metadata: Metadata): VariableDef {
  let ofMetadata = byMetadata.get(metadata);
  if (!ofMetadata) {
    ofMetadata = [];
    byMetadata.set(metadata, ofMetadata);
  }
  let known = ofMetadata.find((each) => each.type === type);
  if (!known) {
    known = Object.freeze({ kind: "variable", type, metadata });
    ofMetadata.push(known);
  }
  return known;
}
