/** @file What a program computes on the host: keys, counts, and numbers that depend on these. */
import type { Section } from "./section.ts";

/** The number of a value of the host. */
export type HostSlot = number;

/** One step of the host's part. Its result has the number of the step, or those that it names. */
export type HostWork =
  /** A key or number in the arguments. */
  | { readonly kind: "argument"; readonly index: number }
  | { readonly kind: "constant"; readonly value: unknown }
  | {
      readonly kind: "compute";
      /** What prints call it. */
      readonly name: string;
      readonly inputs: readonly HostSlot[];
      readonly compute: (...values: unknown[]) => unknown;
    }
  /** Host code that runs again. It gives several results: those of the following steps. */
  | { readonly kind: "section"; readonly section: Section }
  | { readonly kind: "of section"; readonly section: Section; readonly result: number };

/** The values of the host in one replay. */
export interface HostValues {
  readonly values: unknown[];
  readonly renewals: unknown[];
}

/**
 * Computes the values of the host.
 * @param given - The keys and numbers in the arguments.
 * @returns nothing if host code went another way than it did when the program was recorded.
 */
export function runHost(
  works: readonly HostWork[],
  given: readonly unknown[],
  renewals: number,
): HostValues | undefined {
  const values: unknown[] = new Array(works.length);
  const made: unknown[] = new Array(renewals);
  const results = new Map<Section, readonly unknown[]>();
  for (let i = 0; i < works.length; i++) {
    const work = works[i] as HostWork;
    switch (work.kind) {
      case "argument":
        values[i] = given[work.index];
        break;
      case "constant":
        values[i] = work.value;
        break;
      case "compute":
        values[i] = work.compute(...work.inputs.map((input) => values[input]));
        break;
      case "section": {
        const found = work.section.again(values, made);
        if (!found) return undefined;
        results.set(work.section, found);
        break;
      }
      case "of section":
        values[i] = results.get(work.section)?.[work.result];
        break;
      default:
        work satisfies never;
    }
  }
  return { values, renewals: made };
}
