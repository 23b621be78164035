/**
 * @file Remembers the last States taken of a model, so that the next ones reuse unchanged subtrees.
 * The references are weak, so that unused States and their tensors can be collected.
 */
import type { Filter } from "../filter/filter.ts";
import type { State } from "../state/state.ts";

/** The last States of one list of filters. */
interface Snapshot {
  readonly filters: readonly Filter[];
  /**
   * Strong references until the present job ends. A new WeakRef keeps its target alive until then
   * anyway, so a loop that never pauses would pile up States.
   */
  strong: readonly State[] | undefined;
  weak: readonly WeakRef<State>[];
}

const byRoot = new WeakMap<object, Snapshot[]>();
/** How many lists of filters are remembered for each model. */
const mostSnapshots = 4;

let toWeaken: Snapshot[] = [];

function weaken(): void {
  for (const snapshot of toWeaken) {
    snapshot.weak = (snapshot.strong ?? []).map((state) => new WeakRef(state));
    snapshot.strong = undefined;
  }
  toWeaken = [];
}

const areSame = (a: readonly Filter[], b: readonly Filter[]): boolean =>
  a.length === b.length && a.every((filter, i) => filter === b[i]);

const find = (root: object, filters: readonly Filter[]): Snapshot | undefined =>
  byRoot.get(root)?.find((snapshot) => areSame(snapshot.filters, filters));

/** The last States of the same filters for this model, as far as they were not collected. */
export function lastStates(
  root: object,
  filters: readonly Filter[],
): readonly (State | undefined)[] | undefined {
  const snapshot = find(root, filters);
  return snapshot && (snapshot.strong ?? snapshot.weak.map((reference) => reference.deref()));
}

/** Remembers the States that filters gave. */
export function rememberStates(root: object, filters: readonly Filter[], states: readonly State[]): void {
  let snapshot = find(root, filters);
  if (!snapshot) {
    snapshot = { filters: [...filters], strong: undefined, weak: [] };
    const ofRoot = byRoot.get(root) ?? [];
    byRoot.set(root, [snapshot, ...ofRoot].slice(0, mostSnapshots));
  }
  if (snapshot.strong === undefined) {
    if (toWeaken.length === 0) queueMicrotask(weaken);
    toWeaken.push(snapshot);
  }
  snapshot.strong = states;
}
