/** @file Finds the streams inside a model. */
import { type Filter, iterNodes, NnxError, type Path, toPredicate, formatPath } from "@nnxjs/nnx-core";
import { formatShape } from "../keys/shape.ts";
import { RngStream } from "./rng-stream.ts";

/** A stream and its path. */
export type StreamEntry = readonly [path: Path, stream: RngStream];

/** Every stream below `node` once, with its first path, in Flax's order. */
export function streamsIn(node: unknown): StreamEntry[] {
  const entries: StreamEntry[] = [];
  for (const [path, value] of iterNodes(node)) if (value instanceof RngStream) entries.push([path, value]);
  return entries;
}

/**
 * Returns a predicate: whether a filter, applied as to the leaves of a State, matches both the key
 * and the count of a stream.
 */
export function matchesState(filter: Filter): (entry: StreamEntry) => boolean {
  const matches = toPredicate(filter);
  return ([path, stream]) =>
    matches([...path, "key"], stream.key) && matches([...path, "count"], stream.count);
}

/**
 * @throws {@link NnxError} that names the first stream with an array of keys, before anything is
 * drawn.
 */
export function checkSingle(where: string, entries: Iterable<StreamEntry>): void {
  for (const [path, stream] of entries) {
    const { shape } = stream.key.value;
    if (shape.length === 0) continue;
    throw new NnxError(
      `${where} at ${formatPath(path)}: expected a stream with a single key, got keys of shape ${formatShape(shape)}. ` +
        "Restore it first, or leave it out with a filter.",
    );
  }
}
