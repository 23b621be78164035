/** @file The result of `tabulate`. */
import type { Path } from "../path.ts";
import type { Amount } from "../variable/amount.ts";
import type { Metadata } from "../variable/variable-state.ts";

export type { Amount } from "../variable/amount.ts";

/** A Variable that is an attribute of a module. */
export interface TabulatedVariable {
  /** The name of the attribute; in a container joined by dots. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly metadata: Metadata;
}

/** One call of a method. */
export interface TabulationRow {
  /** The path of the module. */
  readonly path: Path;
  /** The method that was called. */
  readonly method: string;
  readonly className: string;
  /** The arguments, with `ShapeDtypeStruct` in the place of tensors. */
  readonly inputs: readonly unknown[];
  /** The result, in the same form. */
  readonly outputs: unknown;
  /** The Variables in the module's own attributes, by the name of their type. */
  readonly variables: Readonly<Record<string, readonly TabulatedVariable[]>>;
  /**
   * How much the Variables in the module and below it hold, by the name of their type. Shared ones
   * count where the first path to them goes.
   */
  readonly amounts: Readonly<Record<string, Amount>>;
}

/** The calls of one run, and what each module holds. As text it is a table. */
export interface Tabulation {
  /** The name of the model's class. */
  readonly className: string;
  /** In the order of the calls: a module comes before those that it calls. */
  readonly rows: readonly TabulationRow[];
  /** How much the model's Variables hold, by the name of their type. */
  readonly totals: Readonly<Record<string, Amount>>;
  /** Of all types together. */
  readonly total: Amount;
  toString(): string;
}
