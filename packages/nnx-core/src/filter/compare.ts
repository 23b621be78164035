/** @file Comparing and printing filters. */
import { equalPredicates, printPredicate } from "./description.ts";
import { type Filter, toPredicate } from "./filter.ts";

/**
 * Whether two filters were made alike. Literals equal the combinators that they stand for:
 * `equalFilters([Param, "a"], anyOf(ofType(Param), withTag("a")))` is true. A predicate that a user
 * wrote equals itself only.
 * @param b - Any other filter.
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.equalFilters([nnx.Param, "frozen"], nnx.anyOf(nnx.Param, nnx.withTag("frozen"))); // => true
 * ```
 */
export const equalFilters = (a: Filter, b: Filter): boolean =>
  equalPredicates(toPredicate(a), toPredicate(b));

/**
 * A filter as it would be written with combinators: `anyOf(ofType(Param), withTag("a"))`.
 * @param filter - Any filter.
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.printFilter([nnx.Param, "frozen"]); // => "anyOf(ofType(Param), withTag(\"frozen\"))"
 * ```
 */
export const printFilter = (filter: Filter): string => printPredicate(toPredicate(filter));
