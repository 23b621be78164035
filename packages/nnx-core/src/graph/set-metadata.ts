/** @file Metadata of many Variables at once. */
import { needsPath } from "../filter/description.ts";
import { type Filter, toPredicate } from "../filter/filter.ts";
import type { Metadata } from "../variable/variable-state.ts";
import { Variable } from "../variable/variable.ts";
import { iterNodes, nodesOf } from "./iterate.ts";

/** Which Variables get metadata. */
export interface MetadataOptions {
  /** @defaultValue all */
  only?: Filter;
}

/** Merges entries into the metadata of every selected Variable of a model, in place. @see Flax `nnx.set_metadata` */
export function setMetadata(node: unknown, metadata: Metadata, { only = true }: MetadataOptions = {}): void {
  const matches = toPredicate(only);
  if (!needsPath(matches)) {
    for (const each of nodesOf(node))
      if (each instanceof Variable && matches([], each)) each.setMetadata(metadata);
    return;
  }
  for (const [path, each] of iterNodes(node)) {
    if (each instanceof Variable && matches(path, each)) each.setMetadata(metadata);
  }
}
