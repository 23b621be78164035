/** @file The options of layers and functions: every name, with a check of its value. */
import { type Filter, FilterError, NnxError, toPredicate } from "@nnxjs/nnx-core";
import { checkOptions, describe, type OptionNames } from "@nnxjs/nnx-core/internal";
import { Rngs, RngStream } from "@nnxjs/rnglib";
import { hasForward } from "./callable.ts";
import { isTensor } from "@nnxjs/kernels/internal";

/** Throws for a value that the option cannot have. */
export type OptionCheck = (where: string, name: string, value: unknown) => void;

/** A check for every name. The type ensures that the list is exact. */
export type OptionChecks<O extends object> = { readonly [K in keyof Required<O>]: OptionCheck };

/**
 * Refuses unknown options, and values that they cannot have. Options may be missing or `undefined`.
 * @param where - The function or class that the user called.
 */
export function checkGiven<O extends object>(
  where: string,
  options: O | undefined,
  checks: OptionChecks<O>,
): void {
  if (options === undefined) return;
  // `checkOptions` reads only the names of the record.
  checkOptions<O>(where, options, checks as unknown as OptionNames<O>);
  for (const name of Object.keys(options) as (keyof O & string)[]) {
    if (options[name] !== undefined) checks[name](where, name, options[name]);
  }
}

/**
 * {@link checkGiven} for the constructor of a layer that draws its parameters.
 * @throws TypeError without Rngs, and when the argument is an Rngs or not an object.
 */
export function checkLayerOptions<O extends { rngs: Rngs }>(
  layer: string,
  options: O,
  checks: OptionChecks<O>,
): void {
  const given: unknown = options;
  if (typeof given !== "object" || given === null || given instanceof Rngs) {
    throw new TypeError(
      `${layer}: expected { rngs } as the last argument, got ${describe(given)}. Pass { rngs: new nnx.Rngs(0) } behind all sizes.`,
    );
  }
  checkGiven(layer, options, checks);
  checkRngs(layer, "rngs", options.rngs);
}

/** The options that are given. */
export const given = <O extends object>(options: O): { [K in keyof O]?: Exclude<O[K], undefined> } =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof O]?: Exclude<O[K], undefined>;
  };

const isOptional =
  (test: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === null || test(value);

/** Makes a check. `expected` is the wording for the error. */
const must =
  (expected: string, test: (value: unknown) => boolean): OptionCheck =>
  (where, name, value) => {
    if (test(value)) return;
    throw new NnxError(
      `${where}: expected ${name} to be ${expected}, got ${describe(value)}. Leave it out for the default.`,
    );
  };

/** Makes a check that also allows `null`. */
export const orNull =
  (check: OptionCheck): OptionCheck =>
  (where, name, value) => {
    if (value !== null) check(where, name, value);
  };

const isBoolean = (value: unknown): boolean => typeof value === "boolean";
const isFunction = (value: unknown): boolean => typeof value === "function";
const isAxes = (value: unknown): boolean =>
  Number.isInteger(value) || (Array.isArray(value) && value.every(Number.isInteger));

const isPlain = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !isTensor(value);

/** For options that are checked where they are used. */
export const anything: OptionCheck = () => undefined;
export const flag: OptionCheck = must("true or false", isBoolean);
export const flagOrNull: OptionCheck = must("true, false or null", isOptional(isBoolean));
export const func: OptionCheck = must("a function", isFunction);
export const funcOrNull: OptionCheck = must("a function or null", isOptional(isFunction));
export const text: OptionCheck = must("a string", (value) => typeof value === "string");
export const axisList: OptionCheck = must("an integer or a list of integers", isAxes);
export const axisListOrNull: OptionCheck = must("an integer, a list of integers or null", isOptional(isAxes));
export const integer: OptionCheck = must("an integer", Number.isInteger);
export const count: OptionCheck = must(
  "an integer from 0",
  (value) => Number.isInteger(value) && (value as number) >= 0,
);
export const nonNegative: OptionCheck = must(
  "a number from 0",
  (value) => Number.isFinite(value) && (value as number) >= 0,
);
export const finite: OptionCheck = must("a finite number", Number.isFinite);
export const share: OptionCheck = must(
  "a number from 0 to 1",
  (value) => typeof value === "number" && value >= 0 && value <= 1,
);
export const metadata: OptionCheck = must("an object", isPlain);
export const moduleOrNull: OptionCheck = must(
  "a module with a forward method, or null",
  isOptional(hasForward),
);

/** Makes a check for one of several values. */
export const oneOf = (...choices: readonly unknown[]): OptionCheck =>
  must(choices.map(describe).join(" or "), (value) => choices.includes(value));

/**
 * Makes a check for one of several words. It throws a TypeError, which these options have always
 * thrown.
 */
export const choice =
  (...choices: readonly string[]): OptionCheck =>
  (where, name, value) => {
    if (choices.some((word) => word === value)) return;
    const listed = choices.map((word) => JSON.stringify(word)).join(" or ");
    throw new TypeError(
      `${where}: expected ${name} to be ${listed}, got ${describe(value)}. Leave it out for the default.`,
    );
  };

export const list: OptionCheck = must("a list with an item for each axis", Array.isArray);
export const sizesByAxis: OptionCheck = must("an object with a size for each axis", isPlain);
export const lengthsOrNull: OptionCheck = must(
  "an int32 tensor, a list of numbers or null",
  isOptional((value) => isTensor(value) || Array.isArray(value)),
);

export const filter: OptionCheck = (where, name, value) => {
  try {
    toPredicate(value as Filter);
  } catch {
    throw new FilterError(
      `${where}: expected ${name} to be a filter, got ${describe(value)}. Pass a type such as nnx.Param, a function, or true.`,
    );
  }
};

/** A source of keys, or null. */
export const keySource: OptionCheck = (where, name, value) => {
  if (value === null || value instanceof Rngs || value instanceof RngStream) return;
  throw new TypeError(
    `${where}: expected ${name} to be Rngs, an RngStream or null, got ${describe(value)}. Pass { rngs: new nnx.Rngs(0) }.`,
  );
};

/** The required `rngs` of a layer. */
export const checkRngs: OptionCheck = (where, name, value) => {
  if (value instanceof Rngs) return;
  throw new TypeError(
    `${where}: expected ${name} to be Rngs, got ${describe(value)}. Pass { rngs: new nnx.Rngs(0) }.`,
  );
};
