/** @file Noticing which module runs and what its methods return, on the instances of one capture only. */
import { BaseModule } from "../module/base-module.ts";
import { Module } from "../module/module.ts";
import { formatPath } from "../path.ts";
import { refuseLate } from "./late.ts";
import { type CapturedModules, type Session, whileRunning } from "./session.ts";

type Method = (...args: unknown[]) => unknown;

interface MethodName {
  readonly name: string;
  /** A class's own public methods, and `forward` wherever it comes from: what they return is recorded. */
  readonly recorded: boolean;
}

const methodsByPrototype = new WeakMap<object, readonly MethodName[]>();

/** Where the classes of users end. */
const bases: ReadonlySet<object> = new Set([Module.prototype, BaseModule.prototype, Object.prototype]);

/** The methods of a class and those that it inherits from other classes of users. */
function methodsOf(prototype: object): readonly MethodName[] {
  const known = methodsByPrototype.get(prototype);
  if (known) return known;
  const found = new Map<string, MethodName | undefined>([["constructor", undefined]]);
  for (
    let at: object | null = prototype;
    at !== null && !bases.has(at);
    at = Object.getPrototypeOf(at) as object | null
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      // What a class overrides is not called by this name. Descriptors, since reading an accessor would run it.
      if (found.has(name)) continue;
      const recorded = name === "forward" || (at === prototype && !name.startsWith("_"));
      found.set(name, typeof value === "function" ? { name, recorded } : undefined);
    }
  }
  const methods = [...found.values()].filter((method) => method !== undefined);
  methodsByPrototype.set(prototype, methods);
  return methods;
}

/** Whether a method of this module can be wrapped, given what the instance has under its name. */
const canWrap = (module: object, own: PropertyDescriptor | undefined): boolean =>
  own === undefined
    ? Object.isExtensible(module)
    : // An enumerable attribute that shadows the method is the model's own business; what another capture put there is wrapped once more.
      !own.enumerable && own.configurable === true && typeof own.value === "function";

/**
 * Wraps the modules' methods for one capture; returns how to undo that. Frozen modules cannot be wrapped: what runs in them counts as run by
 * their caller. So do functions that are attributes, which are data to the graph.
 */
export function instrument(where: string, modules: CapturedModules, session: Session): () => void {
  const steps: (() => void)[] = [];
  const undo = (): void => {
    for (const step of steps.reverse()) step();
  };
  try {
    for (const [module, path] of modules) {
      // The root may be a container, whose prototype is nobody's.
      if (!(module instanceof BaseModule)) continue;
      for (const { name, recorded } of methodsOf(Object.getPrototypeOf(module) as object)) {
        const own = Object.getOwnPropertyDescriptor(module, name);
        if (!canWrap(module, own)) continue;
        const method = Reflect.get(module, name) as Method;
        const noticed: Method = function (this: object, ...args) {
          const result = whileRunning(module, () => method.apply(this, args));
          refuseLate(where, `the method at ${formatPath([...path, name])}`, result);
          return recorded ? session.output(module, name, result) : result;
        };
        // Not enumerable, so the graph does not see it.
        Object.defineProperty(module, name, { value: noticed, configurable: true });
        steps.push(() => {
          if (own) Object.defineProperty(module, name, own);
          else Reflect.deleteProperty(module, name);
        });
      }
    }
  } catch (error) {
    undo();
    throw error;
  }
  return undo;
}
