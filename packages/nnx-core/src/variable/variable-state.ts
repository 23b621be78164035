/** @file What a Variable leaves in a State: plain, frozen data. */
import { equalData } from "../data/equal-data.ts";
import { isPlainObject } from "../data/plain-object.ts";
import type { Variable } from "./variable.ts";

/** Facts about a Variable that are part of the model's definition, not of its value. */
export type Metadata = Readonly<Record<string, unknown>>;

/** A class of Variables. The class is the filter: `split(model, Param, true)`. */
export interface VariableType<V extends Variable = Variable> {
  /** The name that survives minifiers. */
  readonly typeName: string;
  readonly prototype: V;
  new (value: never, metadata?: Metadata): V;
}

/** A leaf of a State. */
export interface VariableState<T = unknown, V extends Variable = Variable> {
  readonly type: VariableType<V>;
  readonly value: T;
  readonly metadata: Metadata;
}

/** What of a Variable is part of a model's definition. */
export interface VariableDef {
  readonly kind: "variable";
  readonly type: VariableType;
  readonly metadata: Metadata;
}

/**
 * Whether `x` is a leaf of a State (no subtree has a class as its `type`). A Variable is none: its
 * leaf is what `toState` gives.
 */
export const isVariableState = (x: unknown): x is VariableState =>
  // First, since it tells Variables and tensors apart without asking them anything.
  isPlainObject(x) && typeof x.type === "function" && "value" in x && "metadata" in x;

/** Whether `x` is a class of Variables. */
export const isVariableType = (x: unknown): x is VariableType =>
  typeof x === "function" && "typeName" in x && typeof x.typeName === "string";

/** Whether two sets of metadata have equal entries. */
export const sameMetadata = (a: Metadata, b: Metadata): boolean => a === b || equalData(a, b);
