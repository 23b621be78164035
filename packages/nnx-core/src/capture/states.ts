/** @file From what was recorded to States. */
import { NnxError } from "../errors.ts";
import { handOver, retain } from "../ownership/holders.ts";
import { formatPath, type Path } from "../path.ts";
import { type FlatEntry, unflattenState } from "../state/flatten-state.ts";
import { leafValue, type OwnedState } from "../state/state.ts";
import { hasMaps } from "./recordable.ts";

type Tree = Map<string, Tree | "leaf">;

/**
 * A State for each list of leaves. Inside a scope fresh tensors stay the scope's, as everywhere; those in Maps, where a
 * scope would not find them, are held by the States.
 * @throws {@link NnxError} when a leaf has the path of a module with leaves below.
 */
export function statesOf(lists: readonly (readonly FlatEntry[])[]): OwnedState[] {
  const inMaps = lists.flatMap((entries) => entries.map(([, leaf]) => leafValue(leaf)).filter(hasMaps));
  retain(inMaps);
  const states = lists.map(unflattenState);
  handOver(inMaps);
  return states;
}

/** @throws {@link NnxError} when something was recorded at a path, and something else below it. */
export function refuseClashes(entries: Iterable<{ readonly path: Path }>): void {
  const root: Tree = new Map();
  for (const { path } of entries) {
    let tree = root;
    path.forEach((part, i) => {
      const next = tree.get(String(part));
      const isLast = i === path.length - 1;
      if (isLast ? next instanceof Map : next === "leaf") throw clash(path.slice(0, i + 1));
      const below: Tree | "leaf" = next ?? (isLast ? "leaf" : new Map());
      tree.set(String(part), below);
      if (below !== "leaf") tree = below;
    });
  }
}

const clash = (path: Path): NnxError =>
  new NnxError(
    `sow at ${formatPath(path)}: expected a name that no part of the module has in which something is recorded too, got ` +
      `${JSON.stringify(path.at(-1))}. A State has one value or one subtree under a name: record it under another one.`,
  );
