/** @file Checks that arguments are functions or lists, and tells classes from functions. */
import { describe, NnxError } from "../errors.ts";

/**
 * Whether `f` is a class. A class has a read-only `prototype`. A transpiled class has a writable
 * one, but with methods. The prototype of a predicate is neither.
 */
export function isClass(f: unknown): boolean {
  if (typeof f !== "function") return false;
  const prototype = Object.getOwnPropertyDescriptor(f, "prototype");
  if (!prototype) return false;
  return prototype.writable === false || Object.getOwnPropertyNames(prototype.value).length > 1;
}

/**
 * Checks an argument that must be a function. Without this check, `mapValues` with swapped
 * arguments would silently map nothing.
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
