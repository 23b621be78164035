/** @file Changes to a State, written as if it were mutable. */
import { Immer } from "immer";
import { isArrayLike } from "../data/array-like.ts";
import { describe, NnxError, StructureError } from "../errors.ts";
import type { VariableState } from "../variable/variable-state.ts";
import { checkState } from "./check-state.ts";
import { leavesOf } from "./flatten-state.ts";
import { makeState } from "./holding.ts";
import { heldValue, type OwnedState, type State } from "./state.ts";

/** A State that may be written to, inside {@link updateState} only. */
export type StateDraft = { [key: string]: StateDraft } & { value: unknown };

/** The type of the draft for a State. The draft of a typed State is typed. */
export type DraftOf<S> = string extends keyof S
  ? StateDraft
  : S extends VariableState
    ? { -readonly [K in keyof S]: S[K] }
    : { -readonly [K in keyof S as K extends symbol ? never : K]: DraftOf<S[K]> };

// Our own instance: other users of immer in the program may have changed the shared one's settings.
const immer = new Immer();

/**
 * Returns the State that `recipe` turns this one into. The given State does not change. Subtrees
 * that the recipe does not touch are reused. If the recipe changes nothing, the result is the given
 * State.
 * @param state - The State, which stays as it is.
 * @throws {@link StructureError} when something other than leaves and subtrees was written into the
 * State, or a leaf more than about a thousand levels deep was written to (mapState and applyPatches
 * have no such limit).
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const before = nnx.state(model);
 * const next = nnx.updateState(before, (draft) => {
 *   draft.kernel.value = tf.zeros([4, 3]);
 * });
 * next.bias === before.bias; // => true
 * ```
 */
export function updateState<S extends State>(state: S, recipe: (draft: DraftOf<S>) => void): OwnedState<S> {
  const before = checkState("updateState", state);
  if (isArrayLike(before)) {
    throw new StructureError(
      `updateState: expected a State of Variables, got ${describe(before)}, which is a value. Use mapState to get another one.`,
    );
  }
  if (typeof recipe !== "function") {
    throw new NnxError(
      `updateState: expected a function as the second argument, got ${describe(recipe)}. Call updateState(state, recipe).`,
    );
  }
  const next = produce(before, recipe as (draft: unknown) => unknown);
  // Whoever made the State owns it; a root that nobody owns yet is taken like a new one.
  if (next === before) return state as OwnedState<S>;
  const after = checkState("updateState", next);
  return makeState({ ...after }, leavesOf(after).map(heldValue)) as OwnedState<S>;
}

function produce(before: State, recipe: (draft: unknown) => unknown): State {
  const recipeRun = { isDone: false };
  try {
    return immer.produce(before, (draft) => {
      const result = recipe(draft);
      if (result instanceof Promise) {
        throw new NnxError(
          "updateState: expected a recipe that is done when it returns, got a Promise. Await what it needs before.",
        );
      }
      recipeRun.isDone = true;
    });
  } catch (error) {
    // Errors of the recipe pass through. immer recurses through a deep draft, so the stack may
    // overflow, and its message for a draft inside itself would not help users.
    if (!recipeRun.isDone && !isOverflow(error)) throw error;
    throw new StructureError(
      `updateState: expected writes at most about 1,000 levels deep and no draft inside itself, got "${describeError(error)}". ` +
        "Use mapState or applyPatches for deeper leaves.",
      { cause: error },
    );
  }
}

/** Matches the stack overflow messages of V8, WebKit and Firefox. */
const isOverflow = (error: unknown): boolean =>
  error instanceof Error && /call stack|recursion/i.test(error.message);

const describeError = (error: unknown): string => (error instanceof Error ? error.message : describe(error));
