/** @file Sets the metadata of many Variables at once. */
import { isContainer } from "../data/containers.ts";
import { checkOptions } from "../data/options.ts";
import { describe, StructureError } from "../errors.ts";
import { needsPath } from "../filter/description.ts";
import { type Filter, toPredicate } from "../filter/filter.ts";
import { isPlainObject } from "../data/plain-object.ts";
import type { Metadata } from "../variable/variable-state.ts";
import { Variable } from "../variable/variable.ts";
import { classify } from "./node.ts";
import { Walk } from "./walk.ts";

/** Which Variables get metadata. */
export interface MetadataOptions {
  /** @defaultValue all */
  only?: Filter;
}

/**
 * Merges entries into the metadata of every selected Variable of a model, in place.
 * @param node - The model.
 * @param metadata - The entries, which replace those of the same name.
 * @throws {@link StructureError} for options that are not known.
 * @see Flax `nnx.set_metadata`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * nnx.setMetadata(model, { tag: "frozen" }, { only: nnx.pathContains("bias") });
 * Object.keys(nnx.state(model, "frozen")); // => ["bias"]
 * ```
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
  const needPaths = needsPath(matches);
  const walk = new Walk(node);
  while (walk.nextOnce()) {
    const { value } = walk;
    if (value instanceof Variable && matches(needPaths ? walk.path() : [], value))
      value.setMetadata(metadata);
  }
}
