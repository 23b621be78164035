/** @file What may be given as gradients, and how to find one in it. */
import { isTensor } from "@nnxjs/kernels/internal";
import {
  type ArrayLeaf,
  type GraphNode,
  type GraphState,
  isVariableState,
  type PathPart,
  type State,
  type StateLeaf,
  Variable,
} from "@nnxjs/nnx-core";

/**
 * Gradients by path, as `grad` returns them for modules, States, and arrays, records and Maps of
 * these; or a module that has them as its values.
 */
export type Gradients =
  | State
  | GraphState
  | StateLeaf
  | ArrayLeaf
  | GraphNode
  | Variable
  | readonly (Gradients | undefined)[]
  | ReadonlyMap<unknown, Gradients | undefined>
  | { readonly [key: string]: Gradients | undefined };

/** What gradients have under a key of their own; `undefined` below leaves. */
export function below(gradients: unknown, key: PathPart): unknown {
  if (typeof gradients !== "object" || gradients === null) return undefined;
  if (gradients instanceof Map) return gradients.get(key) ?? gradients.get(String(key));
  if (isTensor(gradients) || gradients instanceof Variable || isVariableState(gradients)) return undefined;
  return Object.hasOwn(gradients, key) ? Reflect.get(gradients, key) : undefined;
}

/** The tensor in a leaf of gradients; anything else as it is. */
export const gradientIn = (leaf: unknown): unknown =>
  leaf instanceof Variable ? leaf.getRawValue() : isVariableState(leaf) ? leaf.value : leaf;
