/** @file Leaves and metadata. They are frozen, so States and Variables can share them. */
import { isPlainObject } from "../data/plain-object.ts";
import { describe, NnxError, NotFoundError } from "../errors.ts";
import { unwatched } from "./watched-leaf.ts";
import type { Metadata, VariableState, VariableType } from "./variable-state.ts";

/** The metadata of all Variables that were given none. */
export const noMetadata: Metadata = Object.freeze({});

/** A frozen copy of given metadata. @throws {@link NnxError} for what is no object of entries. */
export function metadataFrom(typeName: string, given: unknown): Metadata {
  if (given === noMetadata) return noMetadata;
  if (isPlainObject(given)) return Object.freeze({ ...given });
  throw new NnxError(
    `${typeName}: expected metadata by name, got ${describe(given)}. Pass an object, such as { tag: "head" }.`,
  );
}

/** One entry of metadata, or the fallback. @throws {@link NotFoundError} where there is neither. */
export function entryOf(
  typeName: string,
  metadata: Metadata,
  name: string,
  fallback: readonly unknown[],
): unknown {
  if (Object.hasOwn(metadata, name)) return metadata[name];
  if (fallback.length > 0) return fallback[0];
  throw new NotFoundError(
    `${typeName}.getMetadata: expected one of {${Object.keys(metadata).join(", ")}}, got ` +
      `${JSON.stringify(name)}. Pass a fallback as the second argument if it may be missing.`,
  );
}

/** A frozen leaf of this type. It is the given one where that is frozen and has the type. */
export function leafFor<T>(type: VariableType, given: VariableState<T>): VariableState<T> {
  // A watched leaf has the type of the one that it stands for.
  const leaf = unwatched(given) as VariableState<T>;
  const { value, metadata } = leaf;
  const own =
    metadata === noMetadata || Object.isFrozen(metadata) ? metadata : Object.freeze({ ...metadata });
  if (own === metadata && leaf.type === type && Object.isFrozen(leaf)) return leaf;
  return Object.freeze({ type, value, metadata: own });
}
