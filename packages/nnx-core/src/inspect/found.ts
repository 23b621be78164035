/** @file What was measured, and what was found in it. */
import type { Path } from "../path.ts";
import type { Flag } from "./flag.ts";
import type { Place } from "./places.ts";
import type { Statistics } from "./statistics.ts";
import type { Facts } from "./units.ts";

/** A tensor whose values were read. */
export interface Measured {
  readonly place: Place;
  readonly statistics: Statistics;
  readonly facts: Facts;
}

/** A flag, and the row that it is about, if it is about one. */
export type Found = readonly [flag: Flag, row: Measured | undefined];

export const figure = (value: number): string => Number(value.toPrecision(2)).toString();
/** The lower one of the two in the middle, where there are two; NaN of none. */
export const middle = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN;
export const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** Something about a part, or about the whole. */
export const about = (
  kind: Flag["kind"],
  path: Path,
  where: Flag["where"],
  message: string,
  advice: string,
): Found => [{ kind, path, where, message, advice }, undefined];

/** Something about a row. */
export const at = (kind: Flag["kind"], row: Measured, message: string, advice: string): Found => [
  { kind, path: row.place.path, where: row.place.section, message, advice },
  row,
];
