/** @file What Variables are in definitions: one object for each type and metadata. */
import type { Metadata, VariableDef, VariableType } from "./variable-state.ts";

/** Metadata are frozen objects, and most Variables share the empty ones: a few types for each. */
const byMetadata = new WeakMap<Metadata, VariableDef[]>();

let last: VariableDef | undefined;

/** The definition of a Variable of this type with this metadata object. */
export function definitionOf(type: VariableType, metadata: Metadata): VariableDef {
  if (last?.type === type && last.metadata === metadata) return last;
  let ofMetadata = byMetadata.get(metadata);
  if (!ofMetadata) {
    ofMetadata = [];
    byMetadata.set(metadata, ofMetadata);
  }
  last = ofMetadata.find((each) => each.type === type);
  if (!last) {
    last = Object.freeze({ kind: "variable", type, metadata });
    ofMetadata.push(last);
  }
  return last;
}
