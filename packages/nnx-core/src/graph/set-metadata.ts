/** @file Metadata of many Variables at once. */
import { isContainer } from "../data/containers.ts";
import { checkOptions } from "../data/options.ts";
import { describe, StructureError } from "../errors.ts";
import { needsPath } from "../filter/description.ts";
import { type Filter, toPredicate } from "../filter/filter.ts";
import { isPlainObject } from "../data/plain-object.ts";
import type { Metadata } from "../variable/variable-state.ts";
import { Variable } from "../variable/variable.ts";
import { iterNodes, nodesOf } from "./iterate.ts";
import { classify } from "./node.ts";

/** Which Variables get metadata. */
export interface MetadataOptions {
  /** @defaultValue all */
  only?: Filter;
}

/**
 * Merges entries into the metadata of every selected Variable of a model, in place.
 * @see Flax `nnx.set_metadata`
 */
export function setMetadata(node: unknown, metadata: Metadata, options: MetadataOptions = {}): void {
  checkOptions<MetadataOptions>("setMetadata", options, { only: true });
  if (classify(node) === "static" && !isContainer(node)) {
    throw new StructureError(
      `setMetadata: expected a module, Variable or container, got ${describe(node)}. Pass the model first.`,
    );
  }
  if (!isPlainObject(metadata)) {
    throw new StructureError(
      `setMetadata: expected metadata by name, got ${describe(metadata)}. Pass them after the model: setMetadata(model, { tag: "head" }).`,
    );
  }
  const { only = true } = options;
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
