/** @file Comparing and printing filters. */
import { equalPredicates, printPredicate } from "./description.ts";
import { type Filter, toPredicate } from "./filter.ts";

/**
 * Whether two filters were made alike, literals and combinators mixed:
 * `equalFilters([Param, "a"], anyOf(ofType(Param), withTag("a")))`. Predicates of one's own are
 * equal to themselves only.
 */
export const equalFilters = (a: Filter, b: Filter): boolean =>
  equalPredicates(toPredicate(a), toPredicate(b));

/** A filter as it would be written with combinators: `anyOf(ofType(Param), withTag("a"))`. */
export const printFilter = (filter: Filter): string => printPredicate(toPredicate(filter));
