/** @file Recording what methods return, on the instances of one capture only. */
import type { VariableType } from "../variable/variable-state.ts";
import { sow } from "./record.ts";

type Method = (...args: unknown[]) => unknown;

/** A class's own public methods, and `forward` wherever it comes from. */
function methodNames(module: object): string[] {
  const prototype = Object.getPrototypeOf(module) as object;
  const own = Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(
      ([name, { value }]) => name !== "constructor" && !name.startsWith("_") && typeof value === "function",
    )
    .map(([name]) => name);
  return typeof Reflect.get(module, "forward") === "function" && !own.includes("forward")
    ? [...own, "forward"]
    : own;
}

/** Makes each public method sow its result under its own name; returns how to undo that. */
export function recordMethodOutputs(modules: Iterable<object>, type: VariableType): () => void {
  const undo: (() => void)[] = [];
  for (const module of modules) {
    for (const name of methodNames(module)) {
      // An attribute that shadows the method is the model's own business.
      if (Object.hasOwn(module, name)) continue;
      const method = Reflect.get(module, name) as Method;
      const recording: Method = function (this: object, ...args) {
        const result = method.apply(this, args);
        sow(module, type, name, result);
        return result;
      };
      // Not enumerable, so the graph does not see it.
      Object.defineProperty(module, name, { value: recording, configurable: true });
      undo.push(() => Reflect.deleteProperty(module, name));
    }
  }
  return () => {
    for (const step of undo) step();
  };
}
