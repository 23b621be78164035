/** @file In which order captured values were told. */
import type { VariableState } from "../variable/variable-state.ts";

/** For each leaf of a capture, the number of each value in its list, or of its only value. */
const orders = new WeakMap<VariableState, readonly number[]>();

let next = 0;

/** Notes that a leaf was made by telling one more value. @param before - The leaf without it. */
export function noteTold(leaf: VariableState, before: VariableState | undefined): void {
  const earlier = (before && orders.get(before)) ?? [];
  orders.set(leaf, [...earlier, next++]);
}

/**
 * The numbers of the values in a leaf's list, by which they can be sorted. One number stands for a
 * value that is no list. `undefined` for leaves that no capture made.
 */
export const toldOrder = (leaf: object): readonly number[] | undefined => orders.get(leaf as VariableState);
