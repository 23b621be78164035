/** @file What can be called as a layer. */
import { describe } from "@nnxjs/nnx-core";

/** A module with a `forward` method. */
export interface ForwardModule<A extends readonly unknown[] = never, R = unknown> {
  forward(...args: A): R;
}

/** Whether this has a `forward` method. */
export const hasForward = (x: unknown): x is ForwardModule<readonly unknown[]> =>
  typeof x === "object" && x !== null && "forward" in x && typeof x.forward === "function";

/** Calls a module's `forward`. @throws TypeError when it has none. */
export function callForward(where: string, module: unknown, args: readonly unknown[]): unknown {
  if (hasForward(module)) return module.forward(...args);
  throw new TypeError(`${where}: expected a module with a forward method, got ${describe(module)}.`);
}
