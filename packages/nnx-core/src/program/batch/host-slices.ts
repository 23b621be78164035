/** @file What the host computes for slices: keys and numbers. */
import type { HostSlot, HostWork } from "../host.ts";

/** A value of the host: one for all slices, or one for each. */
export interface HostOfSlices {
  readonly isBatched: boolean;
  /** The value of each slice; of all, one. */
  readonly each: readonly unknown[];
}

const isSame = (a: unknown, b: unknown): boolean =>
  Object.is(a, b) ||
  (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => isSame(item, b[i])));

/** Whether there is one value for all slices. */
const sameForAll = (each: readonly unknown[]): boolean =>
  each.every((value) => isSame(value, each[0]));

/** Values of each slice. Equal numbers are one value. */
export const hostOf = (each: readonly unknown[]): HostOfSlices =>
  sameForAll(each) ? { isBatched: false, each: [each[0]] } : { isBatched: true, each };

/**
 * Computes the values of the host for all slices.
 * @param given - The keys and numbers in the arguments.
 */
export function hostOfSlices(
  works: readonly HostWork[],
  given: readonly HostOfSlices[],
  size: number,
): HostOfSlices[] {
  const values: HostOfSlices[] = [];
  const at = (slot: HostSlot, index: number): unknown => {
    const { isBatched, each } = values[slot] as HostOfSlices;
    return each[isBatched ? index : 0];
  };
  for (const work of works) {
    switch (work.kind) {
      case "argument":
        values.push(given[work.index] as HostOfSlices);
        break;
      case "constant":
        values.push({ isBatched: false, each: [work.value] });
        break;
      case "compute": {
        const { inputs, compute } = work;
        const isBatched = inputs.some((slot) => (values[slot] as HostOfSlices).isBatched);
        const one = (index: number): unknown => compute(...inputs.map((slot) => at(slot, index)));
        values.push(
          isBatched
            ? hostOf(Array.from({ length: size }, (_, index) => one(index)))
            : { isBatched, each: [one(0)] },
        );
        break;
      }
      case "section":
      case "of section":
        // Runs of slices have none: what host code computes must be the same for all slices.
        values.push({ isBatched: false, each: [undefined] });
        break;
      default:
        work satisfies never;
    }
  }
  return values;
}
