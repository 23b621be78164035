/** @file What every filter becomes. */
import type { Path } from "../path.ts";

/** Says whether the leaf (Variable, leaf of a State) or module at `path` is meant. */
export type Predicate = (path: Path, value: unknown) => boolean;

/** A class whose instances are meant; subclasses too. */
export type FilterType = abstract new (...args: never[]) => unknown;
