/** @file What a program computes on the host: keys, counts, and numbers that depend on these. */
import type { Section } from "./section.ts";

/** The number of a value of the host. */
export type HostSlot = number;

/** One step of the host's part. Its result has the number of the step, or those that it names. */
export type HostWork =
  /** A key or number in the arguments. */
  | { readonly kind: "argument"; readonly index: number }
  | { readonly kind: "constant"; readonly value: unknown }
  /** What a node with blocks gives, or gets for each turn. */
  | { readonly kind: "of node" }
  | {
      readonly kind: "compute";
      /** What prints call it. */
      readonly name: string;
      readonly inputs: readonly HostSlot[];
      readonly compute: (...values: unknown[]) => unknown;
    }
  /** Host code that runs again. It gives several results: those of the following steps. */
  | { readonly kind: "section"; readonly section: Section }
  | { readonly kind: "of section"; readonly result: number };

/** The values of the host in one replay. */
export interface HostValues {
  readonly values: unknown[];
  readonly renewals: unknown[];
}

/** Signals that a program does not hold for a call. */
export class OtherWay extends Error {
  /** What went another way than when the program was recorded. */
  readonly what: "host" | "bound";
  constructor(what: OtherWay["what"]) {
    super(what);
    this.what = what;
  }
}

/**
 * Computes values of the host.
 * @param steps - Which.
 * @param given - The keys and numbers in the arguments.
 * @throws {@link OtherWay} where host code went another way than when the program was recorded.
 */
export function runSteps(
  works: readonly HostWork[],
  steps: readonly HostSlot[],
  { values, renewals }: HostValues,
  given: readonly unknown[],
): void {
  let results: readonly unknown[] = [];
  for (const slot of steps) {
    const work = works[slot] as HostWork;
    switch (work.kind) {
      case "argument":
        values[slot] = given[work.index];
        break;
      case "constant":
        values[slot] = work.value;
        break;
      case "of node":
        break;
      case "compute":
        values[slot] = work.compute(...work.inputs.map((input) => values[input]));
        break;
      case "section": {
        const found = work.section.again(values, renewals);
        if (!found) throw new OtherWay("host");
        results = found;
        break;
      }
      // They follow their section.
      case "of section":
        values[slot] = results[work.result];
        break;
      default:
        work satisfies never;
    }
  }
}
