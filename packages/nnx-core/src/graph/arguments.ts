/** @file The checks of tensor and module arguments, for all public functions. */
import { describe, DisposedError, disposedText, NnxError } from "../errors.ts";
import { GraphNode } from "./node.ts";
import { isTensor, type Tensor } from "../tensor.ts";
import { Variable } from "../variable/variable.ts";

/** What to do about a value that is no tensor. */
function tensorAdvice(value: unknown): string {
  if (Array.isArray(value) || ArrayBuffer.isView(value) || typeof value === "number")
    return "Make one: tf.tensor(values).";
  if (value instanceof Promise) return "Await it.";
  return value instanceof Variable ? "Pass its value." : "Pass a tf.Tensor.";
}

/**
 * @param where - The function as users call it, such as `Linear.forward`.
 * @param name - The argument's name.
 * @throws DisposedError for a tensor that was disposed, NnxError for anything else that is not a
 * tensor.
 */
export function checkTensor(where: string, name: string, value: unknown): asserts value is Tensor {
  if (!isTensor(value)) {
    throw new NnxError(
      `${where}: expected ${name} to be a tensor, got ${describe(value)}. ${tensorAdvice(value)}`,
    );
  }
  if (!value.isDisposed) return;
  throw new DisposedError(disposedText(where, value, name));
}

/** @throws NnxError for a value that is not a module, Rngs or optimizer. */
export function checkModule(where: string, value: unknown): asserts value is GraphNode {
  if (value instanceof GraphNode) return;
  throw new NnxError(
    `${where}: expected a module, got ${describe(value)}. Pass an instance of a class that extends nnx.Module.`,
  );
}
