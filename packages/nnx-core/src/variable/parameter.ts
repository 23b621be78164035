/** @file Checks that a parameter still has the shape that its layer was made with. */
import { isAbstractArray } from "../data/array-like.ts";
import { describe, NnxError } from "../errors.ts";
import { isTensor, sameShape } from "../tensor.ts";

/**
 * Layers call `checkParam` in every `forward`, since `update`, `replaceByPure` and assignments take
 * values of any shape. A kernel would read past the end of a value of the wrong shape.
 * @param where - The function as users call it, such as `Linear.forward`.
 * @param name - The parameter's attribute.
 * @throws NnxError unless the value is a tensor of this shape.
 */
export function checkParam(where: string, name: string, value: unknown, shape: readonly number[]): void {
  if (isTensor(value) && sameShape(value.shape, shape)) return;
  throw new NnxError(
    `${where}: expected ${name} to have the shape [${shape.join(", ")}] that the layer was made with, got ${describe(value)}. ` +
      (isAbstractArray(value)
        ? "An abstract model has no numbers: restore a checkpoint into it first, or call it in evalShape."
        : "Give it a value of that shape, or make a layer of the new size."),
  );
}
