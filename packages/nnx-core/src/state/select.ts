/** @file Selects parts of a State by filters. Each leaf goes to the first filter that matches. */
import { FilterError } from "../errors.ts";
import { type Filter, type OrderedFilters, orderFilters } from "../filter/filter.ts";
import { formatPath, type Path, type PathPart } from "../path.ts";
import type { StateOf, StatesFor } from "./state-of.ts";
import { StatesBuilder } from "./builder.ts";
import { checkState } from "./check-state.ts";
import type { OwnedState, State, StateLeaf, StateNode } from "./state.ts";
import { walkState } from "./walk-state.ts";

export interface SelectionOptions {
  /** Whether each leaf must match a filter. */
  readonly exhaustive: boolean;
  /** Whether filters may follow a `true`, although no leaf can reach them. */
  readonly anyOrder?: boolean;
}

/**
 * Collects the leaves of a walk into one State for each filter. Each leaf goes to the first filter
 * that matches.
 * @typeParam T - The values that the filters get.
 */
export class Selection<T> {
  private readonly builder: StatesBuilder;
  private readonly where: string;
  private readonly filters: OrderedFilters;
  private readonly leafOf: (value: T) => StateLeaf;
  private readonly exhaustive: boolean;
  private readonly uncovered: Path[] = [];
  private uncoveredCount = 0;

  /**
   * @param leafOf - Returns the leaf that the State gets for a value.
   * @param previous - Earlier States of the same filters. Their subtrees are reused where nothing
   * changed.
   */
  constructor(
    where: string,
    filters: readonly Filter[],
    leafOf: (value: T) => StateLeaf,
    { exhaustive, anyOrder = false }: SelectionOptions,
    previous?: readonly (State | undefined)[],
  ) {
    this.where = where;
    this.filters = orderFilters(where, filters, anyOrder);
    this.leafOf = leafOf;
    this.exhaustive = exhaustive;
    this.builder = new StatesBuilder(filters.length, previous);
  }

  enter(key: PathPart): void {
    this.builder.enter(key);
  }

  exit(): void {
    this.builder.exit();
  }

  /**
   * Puts a leaf into the State of the first filter that matches.
   * @param key - Undefined if the leaf is the whole State.
   * @returns whether a filter matched.
   */
  leaf(key: PathPart | undefined, value: T): boolean {
    const { predicates, needPaths } = this.filters;
    const path = needPaths ? this.builder.pathTo(key) : noPath;
    for (let i = 0; i < predicates.length; i++) {
      if (predicates[i]?.(path, value)) {
        this.builder.put(i, key, this.leafOf(value));
        return true;
      }
    }
    if (this.exhaustive && this.uncoveredCount++ < 5) this.uncovered.push(this.builder.pathTo(key));
    return false;
  }

  /** @throws {@link FilterError} when leaves matched no filter but should. */
  finish(): OwnedState[] {
    if (this.uncoveredCount === 0) return this.builder.finish();
    const some = this.uncovered.map(formatPath).join(", ");
    throw new FilterError(
      `${this.where}: expected filters that cover every leaf, got none for ${some}${this.uncoveredCount > 5 ? ", ..." : ""} ` +
        `(${this.uncoveredCount} in all). Pass \`true\` as the last filter to get all that is left.`,
    );
  }
}

const noPath: Path = [];
const itself = (leaf: StateLeaf): StateLeaf => leaf;

function select(
  where: string,
  given: StateNode,
  filters: readonly Filter[],
  exhaustive: boolean,
): OwnedState[] {
  const state = checkState(where, given);
  // If a filter matches everything below a path, its State reuses that subtree of `state`.
  const previous = filters.map(() => state);
  const selection = new Selection(where, filters, itself, { exhaustive }, previous);
  walkState(state, selection);
  return selection.finish();
}

/**
 * Returns one State for each filter. Each leaf goes to the first filter that matches, and every
 * leaf must match one. Subtrees that go to one filter completely are reused.
 * @param state - Any State.
 * @param filters - One for each part; a leaf goes to the first that matches.
 * @throws {@link FilterError} when a leaf matches none.
 * @see Flax `nnx.split_state`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.BatchNorm(3, { rngs: new nnx.Rngs(0) });
 * const [trained, others] = nnx.splitState(nnx.state(model), nnx.Param, true);
 * [Object.keys(trained), Object.keys(others)]; // => [["bias", "scale"], ["mean", "var"]]
 * ```
 */
export function splitState<S extends StateNode, const Fs extends readonly Filter[]>(
  state: S,
  ...filters: Fs
): StatesFor<S, Fs> {
  // `select` returns one State for each filter.
  return select("splitState", state, filters, true) as unknown as StatesFor<S, Fs>;
}

/**
 * Returns the leaves that a filter matches. With several filters, returns a State for each. Leaves
 * that match no filter are left out.
 * @param state - Any State.
 * @param filter - Selects the leaves that stay.
 * @see Flax `nnx.filter_state`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.BatchNorm(3, { rngs: new nnx.Rngs(0) });
 * Object.keys(nnx.filterState(nnx.state(model), nnx.Param)); // => ["bias", "scale"]
 * ```
 */
export function filterState<S extends StateNode, const F extends Filter>(
  state: S,
  filter: F,
): OwnedState<StateOf<S, F>>;
export function filterState<S extends StateNode, const Fs extends readonly [Filter, Filter, ...Filter[]]>(
  state: S,
  ...filters: Fs
): StatesFor<S, Fs>;
export function filterState(state: StateNode, ...filters: readonly Filter[]): unknown {
  const states = select("filterState", state, filters, false);
  return states.length === 1 ? states[0] : states;
}
