/** @file Lists the streams of random numbers in a State. */
import { isVariableState, leafValue, type State, flattenState, pathKey } from "@nnxjs/nnx-core";
import { RngCount, RngKey } from "@nnxjs/rnglib";
import { keyData, PRNGKey } from "@nnxjs/rnglib/keys";
import type { StreamData } from "../format/report-data.ts";
import { isOfType } from "./tree.ts";

/** Numbers in nested arrays, in order. */
const flat = (x: unknown): number[] =>
  Array.isArray(x) ? x.flatMap(flat) : typeof x === "number" ? [x] : [];

/** Each key of a stream stands beside its count, under the names `key` and `count`. */
export function streamsOf(state: State, codeOf: (path: StreamData["path"]) => string): StreamData[] {
  const leaves = flattenState(state);
  const counts = new Map(
    leaves
      .filter(([, leaf]) => isOfType(leaf, RngCount))
      .map(([path, leaf]) => [pathKey(path.slice(0, -1)), flat(leafValue<unknown>(leaf))]),
  );
  return leaves
    .filter(([, leaf]) => isOfType(leaf, RngKey))
    .flatMap(([path, leaf]) => {
      const key = leafValue<unknown>(leaf);
      const owner = path.slice(0, -1);
      const tag: unknown = isVariableState(leaf) ? leaf.metadata.tag : undefined;
      if (!PRNGKey.isKey(key)) return [];
      return [
        {
          path: owner,
          tag: typeof tag === "string" ? tag : "",
          words: [...keyData(key)],
          counts: counts.get(pathKey(owner)) ?? [],
          code: codeOf(owner),
        },
      ];
    });
}
