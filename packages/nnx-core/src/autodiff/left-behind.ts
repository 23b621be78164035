/** @file The tensors that a function leaves in its arguments: gradients flow through them, too. */
import { tensorsIn } from "../ownership/tensors-in.ts";
import type { Tensor } from "../tensor.ts";
import type { Structure } from "../undo/structure.ts";
import { unread } from "../variable/observer.ts";
import { variablesOf } from "./positions.ts";

/** The tensors in Variables of arguments, and those that came into their attributes. */
export function leftIn(args: readonly unknown[], attributes: Structure): Tensor[] {
  const variables = new Set(args.flatMap(variablesOf));
  const values = unread(() =>
    Array.from(variables, (variable) => (variable.isDisposed ? undefined : variable.toState().value)),
  );
  return tensorsIn([values, attributes.newTensors()]);
}

/** Those that were made since then, by their positions. Each is there once. */
export function newIn(tensors: readonly Tensor[], firstId: number): ReadonlyMap<number, Tensor> {
  const made = new Set(tensors.filter(({ id }) => id >= firstId));
  return new Map(Array.from(made, (tensor) => [tensors.indexOf(tensor), tensor]));
}

/** The tensors at the same positions after the second run. */
export const sameAs = (first: ReadonlyMap<number, Tensor>, tensors: readonly Tensor[]): Tensor[] =>
  Array.from(first.keys(), (position) => tensors[position] as Tensor);
