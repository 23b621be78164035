/**
 * @file The last States that were taken of a model, so that the next ones share what did not
 * change. They are held weakly: a State that nobody has any more is collected, and its tensors with
 * it.
 */
import type { Filter } from "../filter/filter.ts";
import type { State } from "../state/state.ts";

/** The States that one list of filters gave last. */
interface Snapshot {
  readonly filters: readonly Filter[];
  /**
   * Until the present job ends: in a loop without pauses every new WeakRef would keep its State
   * alive.
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

/**
 * The States that these very filters gave last for this model, as far as somebody still has them.
 */
export function lastStates(
  root: object,
  filters: readonly Filter[],
): readonly (State | undefined)[] | undefined {
  const snapshot = find(root, filters);
  return snapshot && (snapshot.strong ?? snapshot.weak.map((reference) => reference.deref()));
}

/** Remembers what filters gave. */
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
