/** @file Parts of a State by filters; each leaf goes to the first filter that matches. */
import { FilterError } from "../errors.ts";
import { type Filter, toOrderedPredicates } from "../filter/filter.ts";
import { formatPath, type Path } from "../path.ts";
import { StateBuilder } from "./builder.ts";
import { flattenState } from "./flatten-state.ts";
import type { State, StateLeaf } from "./state.ts";

/** One State for each filter of a list. */
export type StatesOf<Fs extends readonly unknown[]> = { -readonly [K in keyof Fs]: State };

/** Sorts entries by the first filter that matches; `value` is what filters look at, `leaf()` what the State gets. */
export function selectStates<T>(
  where: string,
  entries: Iterable<readonly [Path, T]>,
  leafOf: (value: T) => StateLeaf,
  filters: readonly Filter[],
  { exhaustive }: { exhaustive: boolean },
): State[] {
  const predicates = toOrderedPredicates(where, filters);
  const builders = predicates.map(() => new StateBuilder());
  const uncovered: Path[] = [];
  for (const [path, value] of entries) {
    const builder = builders[predicates.findIndex((matches) => matches(path, value))];
    if (builder) builder.set(path, leafOf(value));
    else uncovered.push(path);
  }
  if (exhaustive && uncovered.length > 0) {
    const some = uncovered.slice(0, 5).map(formatPath).join(", ");
    throw new FilterError(
      `${where}: expected filters that cover every leaf, got none for ${some}${uncovered.length > 5 ? ", ..." : ""} ` +
        `(${uncovered.length} in all). Pass \`true\` as the last filter to get all that is left.`,
    );
  }
  return builders.map((builder) => builder.finish());
}

/**
 * One State for each filter, each leaf in the first that matches; every leaf must match one.
 * @throws {@link FilterError} when a leaf matches none.
 * @see Flax `nnx.split_state`
 */
export function splitState<const Fs extends readonly Filter[]>(state: State, ...filters: Fs): StatesOf<Fs> {
  const states = selectStates("splitState", flattenState(state), (leaf) => leaf, filters, {
    exhaustive: true,
  });
  return states as StatesOf<Fs>;
}

/**
 * The leaves that a filter matches; with several filters a State for each. What matches none is left out.
 * @see Flax `nnx.filter_state`
 */
export function filterState(state: State, filter: Filter): State;
export function filterState<const Fs extends readonly [Filter, Filter, ...Filter[]]>(
  state: State,
  ...filters: Fs
): StatesOf<Fs>;
export function filterState(state: State, ...filters: readonly Filter[]): State | State[] {
  const states = selectStates("filterState", flattenState(state), (leaf) => leaf, filters, {
    exhaustive: false,
  });
  return states.length === 1 ? (states[0] as State) : states;
}
