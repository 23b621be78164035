/** @file What options of transformations may be: one table for each says defaults and checks. */
import { checkOptions, describe, type OptionNames } from "@nnxjs/nnx-core/internal";
import { checkDecay, checkFinite, checkNotNegative, checkPositive } from "../checks.ts";
import { type Schedule, scaleByLearningRate } from "./schedule.ts";

/** What one option is when it is left out, and what else it may be. */
export interface Option<T> {
  readonly standard: T;
  /** @throws RangeError for what it cannot be. */
  readonly check: (where: string, name: string, value: T) => void;
}

/** An option, whatever its type. */
interface AnyOption {
  readonly standard: unknown;
  readonly check: (where: string, name: string, value: unknown) => void;
}

/** Every option that there is, so that none goes without a check. */
export type OptionTable<O extends object> = {
  readonly [K in keyof Required<O>]: Option<Required<O>[K]>;
};

/**
 * The options given, and the defaults of the others.
 * @throws NnxError for names that are not in the table, RangeError for values that cannot be.
 */
export function readOptions<O extends object>(where: string, options: O, table: OptionTable<O>): Required<O> {
  // The names alone are looked at.
  checkOptions(where, options, table as unknown as OptionNames<O>);
  const result: Record<string, unknown> = {};
  for (const [name, { standard, check }] of Object.entries(
    table as unknown as Readonly<Record<string, AnyOption>>,
  )) {
    const given = (options as Readonly<Record<string, unknown>>)[name];
    const value: unknown = given === undefined ? standard : given;
    check(where, name, value);
    result[name] = value;
  }
  return result as Required<O>;
}

const option =
  <T>(check: Option<T>["check"]) =>
  (standard: T): Option<T> => ({ standard, check });

/** A number in `[0, 1)`. */
export const decay: (standard: number) => Option<number> = option(checkDecay);
/** A finite number, not negative. */
export const notNegative: (standard: number) => Option<number> = option(checkNotNegative);
/** A finite number above 0. */
export const positive: (standard: number) => Option<number> = option(checkPositive);
/** A finite number. */
export const finite: (standard: number) => Option<number> = option(checkFinite);

/** An integer, not negative. */
export const count: (standard: number) => Option<number> = option((where, name, value) => {
  if (Number.isSafeInteger(value) && value >= 0) return;
  refuse(where, `${name} to be an integer >= 0`, value, "Pass a whole number.");
});

/** `true` or `false`. */
export const flag: (standard: boolean) => Option<boolean> = option((where, name, value) => {
  if (typeof value === "boolean") return;
  refuse(where, `${name} to be true or false`, value, "Pass a boolean.");
});

/** A function. */
export const callable = <F extends (...args: never[]) => unknown>(standard: F): Option<F> => ({
  standard,
  check: (where, name, value) => {
    if (typeof value === "function") return;
    refuse(where, `${name} to be a function`, value, "Leave it out for the default.");
  },
});

/** One of a few words; the first is the default. */
export const oneOf = <const W extends string>(...words: readonly [W, ...W[]]): Option<W> => ({
  standard: words[0],
  check: (where, name, value) => {
    if (words.includes(value)) return;
    refuse(where, `${name} among {${words.join(", ")}}`, value, "Pass one of these words.");
  },
});

/** Another option, or `null` for none, which is the default. */
export const orNone = <T>({ check }: Option<T>): Option<T | null> => ({
  standard: null,
  check: (where, name, value) => {
    if (value !== null) check(where, name, value);
  },
});

/** `null`, or what `scaleByLearningRate` takes and checks. */
export const optionalRate: Option<number | Schedule | null> = {
  standard: null,
  check: (_where, _name, value) => {
    if (value !== null) scaleByLearningRate(value);
  },
};

/** @throws RangeError that says what was expected. */
export function refuse(where: string, expected: string, value: unknown, advice: string): never {
  throw new RangeError(`${where}: expected ${expected}, got ${describe(value)}. ${advice}`);
}
