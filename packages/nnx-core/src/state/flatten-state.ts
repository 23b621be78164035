/** @file Converts nested States to lists of leaves by path, and back. */
import { describe, StructureError } from "../errors.ts";
import { isPath, type Path, type PathPart } from "../path.ts";
import { StateBuilder } from "./builder.ts";
import { checkState, requireLeaf } from "./check-state.ts";
import { leafCountOf, refuseEnded } from "./holding.ts";
import { isLeaf, type OwnedState, type StateLeaf, type StateNode } from "./state.ts";
import { walkState } from "./walk-state.ts";

/** A leaf and where it is. */
export type FlatEntry = readonly [path: Path, leaf: StateLeaf];

/**
 * The leaves in Flax's order, each with its path.
 * @param state - Any State.
 * @see Flax `nnx.to_flat_state`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * nnx.flattenState(nnx.state(model)).map(([path]) => path.join(".")); // => ["bias", "kernel"]
 * ```
 */
export function flattenState(state: StateNode): FlatEntry[] {
  const entries: FlatEntry[] = [];
  const open: PathPart[] = [];
  walkState(checkState("flattenState", state), {
    enter: (key) => void open.push(key),
    leaf: (key, leaf) => void entries.push([key === undefined ? [] : open.concat(key), leaf]),
    exit: () => void open.pop(),
  });
  return entries;
}

/**
 * The State with these leaves.
 * @param entries - Pairs of a path and a leaf, in any order.
 * @throws {@link StructureError} when a path is given twice, a path is the beginning of another, or
 * an entry's second item is not a leaf.
 * @see Flax `nnx.from_flat_state`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const entries = nnx.flattenState(nnx.state(model));
 * Object.keys(nnx.unflattenState(entries.slice(0, 1))); // => ["bias"]
 * ```
 */
export function unflattenState(entries: Iterable<FlatEntry>): OwnedState {
  const builder = new StateBuilder();
  for (const entry of entriesIn(entries)) {
    const [path, leaf] = Array.isArray(entry) ? (entry as readonly unknown[]) : [];
    if (!isPath(path)) throw noEntry(entry);
    builder.set(path, requireLeaf("unflattenState", path, leaf));
  }
  return builder.finish();
}

function entriesIn(entries: unknown): Iterable<unknown> {
  if (typeof entries === "object" && entries !== null && Symbol.iterator in entries)
    return entries as Iterable<unknown>;
  throw noEntry(entries);
}

const noEntry = (got: unknown): StructureError =>
  new StructureError(
    `unflattenState: expected entries [path, leaf], whose paths are lists of names and indices, got ${describe(got)}. ` +
      "Pass entries as flattenState gives them.",
  );

/** All leaves of a State that was checked, in no particular order. */
export function leavesOf(state: StateNode): StateLeaf[] {
  const leaves: StateLeaf[] = [];
  const open: StateNode[] = [state];
  for (let next = open.pop(); next; next = open.pop()) {
    if (isLeaf(next)) leaves.push(next);
    else for (const child of Object.values(next)) open.push(child);
  }
  return leaves;
}

/** How many leaves there are. */
export const countLeaves = (state: StateNode): number => {
  refuseEnded("State", state);
  return leafCountOf(state) ?? leavesOf(state).length;
};
