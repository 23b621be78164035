/** @file Replaces values of a State that a model keeps. */
import { disposeState } from "../state/builder.ts";
import { checkState, isStateLike } from "../state/check-state.ts";
import { mergeTrees } from "../state/combine.ts";
import { leavesOf } from "../state/flatten-state.ts";
import { makeKeptState } from "../state/holding.ts";
import { type PureState, replaceByPure } from "../state/pure.ts";
import { heldValue, type OwnedState, type State } from "../state/state.ts";

/** A new State that was checked and does not hold its tensors yet. */
export interface Update {
  readonly isSame: boolean;
  /** Makes the State. It holds its tensors even if an open scope ends. */
  finish(): OwnedState;
  /** Releases everything if the update fails. Called instead of {@link finish}. */
  drop(): void;
}

/**
 * @param values - A State, whose leaves replace those of `kept` or are added; or plain values for
 * leaves of `kept`.
 */
export function updatedState(kept: State, values: PureState): Update {
  const isState = isStateLike(values);
  const made = isState ? undefined : replaceByPure(kept, values);
  const tree = made ?? mergeTrees([kept, checkState("update", values)]);
  const drop = (): void => {
    if (made) disposeState(made);
  };
  return {
    isSame: tree === kept,
    finish: () => {
      const state = makeKeptState({ ...tree }, leavesOf(tree).map(heldValue));
      drop();
      return state;
    },
    drop,
  };
}
