/** @file A State that a model keeps, with other values. */
import { disposeState } from "../state/builder.ts";
import { checkState, isStateLike } from "../state/check-state.ts";
import { mergeTrees } from "../state/combine.ts";
import { leavesOf } from "../state/flatten-state.ts";
import { makeKeptState } from "../state/holding.ts";
import { type PureState, replaceByPure } from "../state/pure.ts";
import { leafValue, type OwnedState, type State } from "../state/state.ts";

/** A State that is checked, and not held yet. */
export interface Update {
  readonly isSame: boolean;
  /** The State, which holds its tensors whatever scope is open. */
  finish(): OwnedState;
  /** In the place of {@link finish}, when the update is given up. */
  drop(): void;
}

/**
 * @param values - A State, whose leaves replace the State's own and may be more; or values of
 * leaves that it has.
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
      const state = makeKeptState({ ...tree }, leavesOf(tree).map(leafValue));
      drop();
      return state;
    },
    drop,
  };
}
