/** @file Changes to a State, written as if it were mutable. */
import { Immer } from "immer";
import { hold } from "./builder.ts";
import { flattenState } from "./flatten-state.ts";
import { leafValue, type State } from "./state.ts";

/** A State that may be written to, inside {@link updateState} only. */
export type StateDraft = { [key: string]: StateDraft } & { value: unknown };

// Our own instance: other users of immer in the program may have changed the shared one's settings.
const immer = new Immer();

/**
 * The State that `recipe` turns this one into. The State itself stays as it is, and so does every subtree that the recipe does not
 * touch.
 * @example
 * ```ts
 * const next = nnx.updateState(params, (draft) => { draft.hidden.bias.value = tf.zeros([128]); });
 * ```
 */
export function updateState(state: State, recipe: (draft: StateDraft) => void): State {
  const next = immer.produce(state, (draft) => recipe(draft as unknown as StateDraft));
  if (next === state) return state;
  return hold(
    { ...next },
    flattenState(next).map(([, leaf]) => leafValue(leaf)),
  );
}
