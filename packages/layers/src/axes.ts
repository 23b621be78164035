/** @file Axes counted from the start or the end. */
import { NnxError } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";

/** One axis or several; negative ones count from the end. */
export type Axes = number | readonly number[];

/**
 * Axes from the start, sorted and without duplicates.
 * @throws NnxError for an axis that the rank does not have.
 */
export function normalizeAxes(where: string, axes: Axes, rank: number): number[] {
  const list = typeof axes === "number" ? [axes] : axes;
  return [...new Set(list.map((axis) => normalizeAxis(where, axis, rank)))].sort((a, b) => a - b);
}

/** An axis counted from the start. @throws NnxError for an axis that the rank does not have. */
export function normalizeAxis(where: string, axis: number, rank: number): number {
  const found = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(found) && found >= 0 && found < rank) return found;
  throw new NnxError(
    `${where}: expected an axis from ${-rank} to ${rank - 1}, got ${describe(axis)}. The input has ${rank} axes.`,
  );
}

/** All axes but these. */
export const otherAxes = (axes: readonly number[], rank: number): number[] =>
  Array.from({ length: rank }, (_, i) => i).filter((axis) => !axes.includes(axis));
