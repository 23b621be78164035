/** @file Leaves of States: the plain, frozen data of Variables. */
import { equalData } from "../data/equal-data.ts";
import { isPlainObject } from "../data/plain-object.ts";
import type { Variable } from "./variable.ts";

/** Facts about a Variable that are part of the model's definition, not of its value. */
export type Metadata = Readonly<Record<string, unknown>>;

/** A class of Variables. The class serves as a filter: `split(model, Param, true)`. */
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

/** The part of a Variable that belongs to a model's definition. */
export interface VariableDef {
  readonly kind: "variable";
  readonly type: VariableType;
  readonly metadata: Metadata;
}

/**
 * Whether `x` is a leaf of a State. A leaf has a class as its `type`, and no subtree does. A
 * Variable is no leaf; its `toState` returns one.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.isVariableState(nnx.state(new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) })).kernel); // => true
 * ```
 */
export const isVariableState = (x: unknown): x is VariableState =>
  // `isPlainObject` comes first, since it excludes Variables and tensors without reading them.
  isPlainObject(x) && typeof x.type === "function" && "value" in x && "metadata" in x;

/** Whether `x` is a class of Variables. */
export const isVariableType = (x: unknown): x is VariableType =>
  typeof x === "function" && "typeName" in x && typeof x.typeName === "string";

/** Whether two sets of metadata have equal entries. */
export const sameMetadata = (a: Metadata, b: Metadata): boolean => a === b || equalData(a, b);
