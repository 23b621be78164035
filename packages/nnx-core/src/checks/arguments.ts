/** @file The one check of what is called a tensor, a module or a function, at every public entry. */
import { describe, DisposedError, disposedText, NnxError } from "../errors.ts";
import { isClass } from "../filter/filter.ts";
import { GraphNode } from "../graph/node.ts";
import { isTensor, type Tensor } from "../tensor.ts";

/**
 * @param where - The function as users call it, such as `Linear.forward`.
 * @param name - The argument's name.
 * @throws DisposedError for a tensor that was disposed, NnxError for what is no tensor.
 */
export function checkTensor(where: string, name: string, value: unknown): asserts value is Tensor {
  if (!isTensor(value)) {
    throw new NnxError(`${where}: expected ${name} to be a tensor, got ${describe(value)}.`);
  }
  if (!value.isDisposed) return;
  throw new DisposedError(disposedText(where, value, name));
}

/**
 * What users give to be called. Swapped arguments of `mapValues` would map nothing, silently.
 * @param where - The function as users call it.
 * @param call - Its arguments, for the message.
 * @throws NnxError for what is no function (or is a class), before anything runs.
 */
export function checkFunction(where: string, f: unknown, call = "f", ordinal = "first"): void {
  if (typeof f === "function" && !isClass(f)) return;
  throw new NnxError(
    `${where}: expected a function as the ${ordinal} argument, got ${describe(f)}. Call ${where}(${call}).`,
  );
}

/** @throws NnxError for arguments of a function that are not in a list. */
export function checkList(where: string, name: string, value: unknown): void {
  if (Array.isArray(value)) return;
  throw new NnxError(
    `${where}: expected ${name} to be a list, one item for each argument of f, got ${describe(value)}. ` +
      "Put it in brackets.",
  );
}

/** @throws NnxError for what is no module (or Rngs, or optimizer). */
export function checkModule(where: string, value: unknown): asserts value is GraphNode {
  if (value instanceof GraphNode) return;
  throw new NnxError(
    `${where}: expected a module, got ${describe(value)}. Pass an instance of a class that extends nnx.Module.`,
  );
}
