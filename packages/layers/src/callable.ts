/** @file Modules that can be called as layers. */
import { describe } from "@nnxjs/nnx-core/internal";

/** A module with a `forward` method. */
export interface ForwardModule<A extends readonly unknown[] = never, R = unknown> {
  forward(...args: A): R;
}

/** Whether `x` has a `forward` method. */
export const hasForward = (x: unknown): x is ForwardModule<readonly unknown[]> =>
  typeof x === "object" && x !== null && "forward" in x && typeof x.forward === "function";

/** @throws TypeError when `module` cannot be called as a layer. */
export function checkForward(where: string, module: unknown): void {
  if (!hasForward(module)) throw notCallable(where, "a module with a forward method", module);
}

/** An error with advice for common mistakes. */
export function notCallable(where: string, expected: string, given: unknown): TypeError {
  const advice = isClass(given)
    ? "Pass an instance of it."
    : Array.isArray(given)
      ? "Spread the list: ...layers."
      : "Pass the thing itself, not its name or what it returns.";
  return new TypeError(`${where}: expected ${expected}, got ${describe(given)}. ${advice}`);
}

/** Whether `x` is a class of modules. A class is not a layer; its instances are. */
export const isClass = (x: unknown): boolean => typeof x === "function" && hasForward(x.prototype);

/** Calls a module's `forward`. @throws TypeError when it has none. */
export function callForward(where: string, module: unknown, args: readonly unknown[]): unknown {
  if (hasForward(module)) return module.forward(...args);
  throw notCallable(where, "a module with a forward method", module);
}
