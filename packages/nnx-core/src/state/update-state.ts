/** @file Changes to a State, written as if it were mutable. */
import { Immer } from "immer";
import { describe, StructureError } from "../errors.ts";
import { formatPath, type Path } from "../path.ts";
import type { VariableState } from "../variable/variable-state.ts";
import { leavesOf } from "./flatten-state.ts";
import { hold, refuseEnded } from "./holding.ts";
import { isLeaf, leafValue, type OwnedState, type State, type StateNode } from "./state.ts";

/** A State that may be written to, inside {@link updateState} only. */
export type StateDraft = { [key: string]: StateDraft } & { value: unknown };

/** What may be written to in a State: that of a typed model's is typed. */
export type DraftOf<S> = string extends keyof S
  ? StateDraft
  : S extends VariableState
    ? { -readonly [K in keyof S]: S[K] }
    : { -readonly [K in keyof S as K extends symbol ? never : K]: DraftOf<S[K]> };

// Our own instance: other users of immer in the program may have changed the shared one's settings.
const immer = new Immer();

/**
 * The State that `recipe` turns this one into. The State itself stays as it is, and so does every subtree that the recipe does not
 * touch; a recipe that changes nothing gives the State itself.
 * @throws {@link StructureError} when something other than leaves and subtrees was written into the State.
 * @example
 * ```ts
 * const next = nnx.updateState(nnx.state(model, nnx.Param), (draft) => {
 *   draft.hidden.kernel.value = tf.zeros([4, 8]);
 * });
 * ```
 */
export function updateState<S extends State>(state: S, recipe: (draft: DraftOf<S>) => void): OwnedState<S> {
  refuseEnded("updateState", state);
  const next = immer.produce<State>(state, (draft) => recipe(draft as unknown as DraftOf<S>));
  // Whoever made the State owns it; a root that nobody owns yet is taken like a new one.
  if (next === state) return state as OwnedState<S>;
  check(state, next);
  return hold({ ...next }, leavesOf(next).map(leafValue)) as OwnedState<S>;
}

/** Looks at what is new only. */
function check(before: State, after: State): void {
  const open: [StateNode | undefined, unknown, Path][] = [[before, after, []]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [old, node, path] = next;
    if (old === node) continue;
    if (typeof node !== "object" || node === null || Array.isArray(node)) {
      throw new StructureError(
        `updateState at ${formatPath(path)}: expected a leaf or a subtree, got ${describe(node)}. ` +
          "Write to the `value` of a leaf, or put a leaf { type, value, metadata } there.",
      );
    }
    if (isLeaf(node as StateNode)) continue;
    for (const [key, child] of Object.entries(node)) {
      open.push([old === undefined || isLeaf(old) ? undefined : old[key], child, [...path, key]]);
    }
  }
}
