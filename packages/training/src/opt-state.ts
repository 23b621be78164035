/** @file The Variables that an optimizer remembers in, so that its memory is split, saved and merged like a model's. */
import { registerVariableName, Variable } from "@nnxjs/nnx-core";
import { isTensor, type Tensor } from "./tensor.ts";
import type { TransformationState } from "./transformation.ts";

/** State of an optimizer. @see Flax `nnx.OptState` */
export class OptState<T = unknown> extends Variable<T> {
  static override readonly typeName: string = "OptState";
  declare protected readonly nominal: { readonly variable: true; readonly optState: true };
}

/** A number that an optimizer remembers, such as its count of steps. @see Flax `nnx.training.optimizer.OptArray` */
export class OptArray extends OptState<number> {
  static override readonly typeName: string = "OptArray";
  declare protected readonly nominal: {
    readonly variable: true;
    readonly optState: true;
    readonly optArray: true;
  };
}

/** What an optimizer remembers about one parameter. @see Flax `nnx.training.optimizer.OptVariable` */
export class OptVariable extends OptState<Tensor> {
  static override readonly typeName: string = "OptVariable";
  declare protected readonly nominal: {
    readonly variable: true;
    readonly optState: true;
    readonly optVariable: true;
  };
}

/** A transformation's state with a Variable around each number and tensor. */
export type OptStateTree =
  | OptArray
  | OptVariable
  | readonly OptStateTree[]
  | { readonly [key: string]: OptStateTree };

const isList = (x: unknown): x is readonly unknown[] => Array.isArray(x);

/** Puts Variables around the values. */
export function toVariables(value: TransformationState): OptStateTree {
  if (typeof value === "number") return new OptArray(value);
  if (isTensor(value)) return new OptVariable(value);
  if (isList(value)) return value.map(toVariables);
  const fields = value as Readonly<Record<string, TransformationState>>;
  return Object.fromEntries(Object.entries(fields).map(([key, item]) => [key, toVariables(item)]));
}

/** The values in the Variables. */
export function toValues(tree: OptStateTree): TransformationState {
  if (tree instanceof Variable) return tree.value;
  if (isList(tree)) return tree.map((item) => toValues(item as OptStateTree));
  return Object.fromEntries(Object.entries(tree).map(([key, item]) => [key, toValues(item as OptStateTree)]));
}

/** Writes values into the Variables, which have the same structure. */
export function writeValues(tree: OptStateTree, value: TransformationState): void {
  if (tree instanceof OptArray) tree.value = value as number;
  else if (tree instanceof OptVariable) tree.value = value as Tensor;
  else
    for (const key of Object.keys(tree))
      writeValues(Reflect.get(tree, key) as OptStateTree, Reflect.get(value as object, key));
}

registerVariableName("opt_state", OptState);
registerVariableName("opt_array", OptArray);
registerVariableName("opt_variable", OptVariable);
