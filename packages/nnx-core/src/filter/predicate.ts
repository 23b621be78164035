/** @file Predicates: the functions that filters are turned into. */
import type { Path } from "../path.ts";

/** Says whether the Variable, leaf of a State or module at `path` is selected. */
export type Predicate = (path: Path, value: unknown) => boolean;

/** A class that selects its instances, and those of its subclasses. */
export type FilterType = abstract new (...args: never[]) => unknown;
