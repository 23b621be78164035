/** @file What stands around the value of a leaf: its Variable's class and metadata. */
import {
  formatPath,
  NotFoundError,
  type Path,
  type StateLeaf,
  Variable,
  type VariableType,
  variableTypeFromName,
} from "@nnxjs/nnx-core";
import { isPlainObject, StaticReader } from "@nnxjs/nnx-core/internal";
import { CheckpointError } from "../errors.ts";
import { names } from "../format/metadata.ts";
import type { LeafDescription } from "../values/description.ts";

/** A leaf that was described. */
export interface DescribedLeaf {
  readonly key: string;
  readonly path: Path;
  readonly description: LeafDescription;
}

const metadataIn = ({
  key,
  description: { metadata = {} },
}: DescribedLeaf): Readonly<Record<string, unknown>> => {
  const value = new StaticReader().value(metadata, [names.leaves, key, "metadata"]);
  return isPlainObject(value) ? value : {};
};

const typeNamed = (name: string): VariableType =>
  name === "Variable" ? Variable : variableTypeFromName(name);

/**
 * How a value becomes the leaf.
 * @throws NotFoundError for a class that is not registered, CheckpointError for metadata that could
 * not be written.
 */
export function frameOf(where: string, leaf: DescribedLeaf): (value: unknown) => StateLeaf {
  const { type, unwritten = [] } = leaf.description;
  if (type === undefined) return (value) => value as StateLeaf;
  if (unwritten.length > 0)
    throw new CheckpointError(
      `${where} at ${formatPath(leaf.path)}: expected metadata that could be written, got ${unwritten.join(", ")}, which could not. ` +
        "Restore it into a model, which has its own.",
    );
  const [found, metadata] = [typeNamed(type), Object.freeze(metadataIn(leaf))];
  return (value) => Object.freeze({ type: found, value, metadata });
}

/** What a filter may look at before a leaf is read. */
export function withoutValue(leaf: DescribedLeaf): object {
  const { type } = leaf.description;
  const metadata = metadataIn(leaf);
  try {
    return { type: type === undefined ? Variable : typeNamed(type), metadata, value: undefined };
  } catch (error) {
    if (error instanceof NotFoundError) return { type: Variable, metadata, value: undefined };
    throw error;
  }
}
