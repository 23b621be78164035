/** @file Filters, which select leaves or modules, and the predicates that they stand for. */
import { isOfAnotherCopy, oneCopyAdvice } from "../data/copies.ts";
import { isClass } from "../data/functions.ts";
import { checkOptions } from "../data/options.ts";
import { describe, FilterError } from "../errors.ts";
import { isPath, type Path, type PathPart } from "../path.ts";
import { describePredicate, needsPath } from "./description.ts";
import type { FilterType, Predicate } from "./predicate.ts";

export type { FilterType, Predicate };

/**
 * Selects leaves or modules: `true` (all; Flax's `...`), `false` or `null` (none), a string (a
 * `tag`), a class, a predicate, or an array of filters (any of them).
 */
export type Filter = boolean | null | string | FilterType | Predicate | readonly Filter[];

/**
 * The predicate that a filter stands for.
 * @param filter - Any filter.
 * @throws {@link FilterError} for anything that is no filter.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.BatchNorm(3, { rngs: new nnx.Rngs(0) });
 * const isParam = nnx.toPredicate(nnx.Param);
 * [isParam(["scale"], model.scale), isParam(["mean"], model.mean)]; // => [true, false]
 * ```
 */
export const toPredicate = (filter: Filter): Predicate => predicateOf(filter, new Map());

const mostLevels = 100;

/**
 * @param lists - The lists around this filter, which have no predicate yet, and those that were
 * seen before.
 */
function predicateOf(filter: Filter, lists: Map<object, Predicate | undefined>): Predicate {
  if (typeof filter === "boolean") return filter ? everything : nothing;
  if (filter === null) return nothing;
  if (typeof filter === "string") return withTag(filter);
  if (typeof filter === "function")
    return isClass(filter) ? ofType(filter as FilterType) : (filter as Predicate);
  if (Array.isArray(filter)) return anyOfList(filter as readonly Filter[], lists);
  throw new FilterError(
    `Filter: expected true, false, null, a tag, a class, a predicate or an array of these, got ${describe(filter)}. ` +
      "Pass `true` for everything that is left.",
  );
}

function anyOfList(filters: readonly Filter[], lists: Map<object, Predicate | undefined>): Predicate {
  const known = lists.get(filters);
  if (known) return known;
  if (lists.has(filters) || lists.size > mostLevels) {
    throw new FilterError(
      `Filter: expected at most ${mostLevels} lists of filters that do not contain themselves, got ${describe(filters)} inside more. ` +
        "Write the filters in one list.",
    );
  }
  lists.set(filters, undefined);
  const predicate = anyOf(...filters.map((each) => predicateOf(each, lists)));
  lists.set(filters, predicate);
  return predicate;
}

/**
 * Matches all. @see Flax `Everything`, `...`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.BatchNorm(3, { rngs: new nnx.Rngs(0) });
 * Object.keys(nnx.state(model, nnx.everything)); // => ["bias", "mean", "scale", "var"]
 * ```
 */
export const everything: Predicate = describePredicate(() => true, { kind: "everything" });

/**
 * Matches none. @see Flax `Nothing`, `None`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.BatchNorm(3, { rngs: new nnx.Rngs(0) });
 * Object.keys(nnx.state(model, nnx.nothing)); // => []
 * ```
 */
export const nothing: Predicate = describePredicate(() => false, { kind: "nothing" });

const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;

/**
 * Matches values with this `tag`, as a property or in their metadata. @see Flax `WithTag`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Dropout(0.5, { rngs: new nnx.Rngs({ dropout: 0, params: 1 }) });
 * const ofDropout = nnx.flattenState(nnx.state(model, nnx.withTag("dropout")));
 * ofDropout.map(([path]) => path.join(".")); // => ["rngs.count", "rngs.key"]
 * ```
 */
export function withTag(tag: string): Predicate {
  return describePredicate(
    (_path, value) => field(value, "tag") === tag || field(field(value, "metadata"), "tag") === tag,
    { kind: "withTag", tag },
  );
}

/**
 * Matches instances, and leaves of a State by their type; subclasses too.
 * @param type - A class of Variables, modules or errors of the graph; subclasses match, too.
 * @throws FilterError for a class of another copy of this package.
 * @see Flax `OfType`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Dropout(0.5, { rngs: new nnx.Rngs(0) });
 * const keys = nnx.flattenState(nnx.state(model, nnx.ofType(nnx.RngKey)));
 * keys.map(([path]) => path.join(".")); // => ["rngs.key"]
 * ```
 */
export function ofType(type: FilterType): Predicate {
  const prototype: unknown = Reflect.get(type, "prototype");
  if (typeof prototype === "object" && prototype !== null && isOfAnotherCopy(prototype)) {
    throw new FilterError(
      `ofType: expected a class of this copy of nnxjs, got ${describe(type)}. ${oneCopyAdvice}`,
    );
  }
  return describePredicate(
    (_path, value) => {
      if (value instanceof type) return true;
      const leafType = field(value, "type");
      return leafType === type || (typeof leafType === "function" && leafType.prototype instanceof type);
    },
    { kind: "ofType", type },
  );
}

/** How {@link pathContains} compares. */
export interface PathContainsOptions {
  /**
   * Whether a part must be equal; otherwise it is enough that it contains the text.
   * @defaultValue true
   */
  exact?: boolean;
}

/**
 * Matches paths with this part anywhere. With `exact: false` a part matches if it contains the
 * text.
 * @see Flax `PathContains`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * Object.keys(nnx.state(model, nnx.pathContains("bias"))); // => ["bias"]
 * ```
 */
export function pathContains(part: PathPart, options: PathContainsOptions = {}): Predicate {
  checkOptions<PathContainsOptions>("pathContains", options, { exact: true });
  const { exact = true } = options;
  const wanted = String(part);
  return describePredicate((path) => path.some((p) => (exact ? p === part : String(p).includes(wanted))), {
    kind: "pathContains",
    part,
    exact,
  });
}

/**
 * Matches exactly these paths.
 * @param paths - Whole paths, from the root.
 * @throws {@link FilterError} for what is no path.
 * @see Flax `PathIn`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * Object.keys(nnx.state(model, nnx.pathIn(["bias"]))); // => ["bias"]
 * ```
 */
export function pathIn(...paths: readonly Path[]): Predicate {
  for (const path of paths) {
    if (isPath(path)) continue;
    throw new FilterError(
      `pathIn: expected paths, which are lists of names and indices, got ${describe(path)}. Write pathIn(["first", "kernel"]).`,
    );
  }
  // Not `pathKey`: as in Flax, a filter tells an index from the same number as text.
  const wanted = new Set(paths.map((path) => JSON.stringify(path)));
  return describePredicate((path) => wanted.has(JSON.stringify(path)), { kind: "pathIn", paths });
}

/**
 * Matches values that at least one filter matches; none without filters.
 * @param filters - One has to match.
 * @see Flax `Any`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.BatchNorm(3, { rngs: new nnx.Rngs(0) });
 * Object.keys(nnx.state(model, nnx.anyOf(nnx.Param, nnx.BatchStat))); // => ["bias", "mean", "scale", "var"]
 * ```
 */
export function anyOf(...filters: readonly Filter[]): Predicate {
  const parts = filters.map(toPredicate);
  return describePredicate((path, value) => parts.some((matches) => matches(path, value)), {
    kind: "anyOf",
    parts,
  });
}

/**
 * Matches values that all filters match; every value without filters.
 * @param filters - Each has to match.
 * @see Flax `All`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.BatchNorm(3, { rngs: new nnx.Rngs(0) });
 * Object.keys(nnx.state(model, nnx.allOf(nnx.Param, nnx.not(nnx.pathContains("bias"))))); // => ["scale"]
 * ```
 */
export function allOf(...filters: readonly Filter[]): Predicate {
  const parts = filters.map(toPredicate);
  return describePredicate((path, value) => parts.every((matches) => matches(path, value)), {
    kind: "allOf",
    parts,
  });
}

/**
 * Matches values that the filter does not match.
 * @param filter - It must not match.
 * @see Flax `Not`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.BatchNorm(3, { rngs: new nnx.Rngs(0) });
 * Object.keys(nnx.state(model, nnx.not(nnx.Param))); // => ["mean", "var"]
 * ```
 */
export function not(filter: Filter): Predicate {
  const matches = toPredicate(filter);
  return describePredicate((path, value) => !matches(path, value), { kind: "not", parts: [matches] });
}

const isRest = (filter: Filter): boolean => filter === true;

/** Predicates in order. The first one that matches a value takes it. */
export interface OrderedFilters {
  readonly predicates: readonly Predicate[];
  /** Whether one of them may look at the path. */
  readonly needPaths: boolean;
}

/**
 * The predicates of filters in order; the first one that matches a value takes it. Only `true` may
 * follow a literal `true`, since no later filter could match.
 * @param anyOrder - Does not refuse that: what is behind it matches nothing.
 */
export function orderFilters(where: string, filters: readonly Filter[], anyOrder = false): OrderedFilters {
  filters.forEach((filter, i) => {
    if (!anyOrder && isRest(filter) && !filters.slice(i + 1).every(isRest)) {
      throw new FilterError(
        `${where}: expected \`true\` as the last filter only, got it at index ${i} of ${filters.length}. ` +
          "Nothing behind it could match: move it to the end.",
      );
    }
  });
  const predicates = filters.map(toPredicate);
  return { predicates, needPaths: predicates.some(needsPath) };
}
