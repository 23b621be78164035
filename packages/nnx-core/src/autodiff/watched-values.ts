/** @file Copies of the float tensors in a value, and gradients in the value's structure. */
import { refuseDisposedIn } from "../state/disposed.ts";
import { describe, GradientError } from "../errors.ts";
import { mapTensors, tensorsIn } from "../ownership/tensors-in.ts";
import { alias, type Tensor } from "../tensor.ts";
import type { Differentiable, Preparation } from "./differentiable.ts";

/** Whether a tensor can have a gradient. */
export const isFloat = ({ dtype }: Tensor): boolean => dtype === "float32";

/** The structure with each float tensor replaced. */
export const replaceFloats = (value: unknown, replace: (tensor: Tensor) => Tensor): unknown =>
  mapTensors(value, (tensor) => (isFloat(tensor) ? replace(tensor) : tensor));

/** A function that returns the next gradient each time, in the order of the watched tensors. */
export function inOrder(gradients: readonly Tensor[]): () => Tensor {
  let next = 0;
  return () => gradients[next++] as Tensor;
}

/**
 * The value with copies in the place of its float tensors. The copies are added to `watched`.
 * @param place - What error messages call the value.
 * @throws {@link GradientError} when something in the value can have no gradient, and `others` says
 * that this is refused.
 */
export function watch(
  value: unknown,
  place: () => string,
  { where, others }: Preparation,
  watched: Tensor[],
): unknown {
  const tensors = tensorsIn(value);
  const odd = tensors.length === 0 ? value : tensors.find((tensor) => !isFloat(tensor));
  if (odd !== undefined && others === "refuse") {
    throw new GradientError(
      `${where}: expected float32 tensors in ${place()}, got ${describe(odd)}. ` +
        "Only they have gradients: filter it out with { wrt }, or leave it out of argnums.",
    );
  }
  if (tensors.some(({ isDisposed }) => isDisposed)) refuseDisposedIn(where, place(), value);
  return replaceFloats(value, (tensor) => {
    const copy = alias(tensor);
    watched.push(copy);
    return copy;
  });
}

/** An argument that is a tensor. */
export function ofValue(value: unknown, place: string, how: Preparation): Differentiable {
  const watched: Tensor[] = [];
  const argument = watch(value, () => place, how, watched);
  return {
    argument,
    watched,
    build: (gradients) => (watched.length === 0 ? undefined : replaceFloats(value, inOrder(gradients))),
    read: (gradient) => {
      const found = tensorsIn(gradient);
      return watched.map((_, i) => found[i]);
    },
    restore: () => {},
  };
}
