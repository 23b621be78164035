/**
 * @file Wrappers that tell whose method runs. They stand on the classes of a run's modules while the
 * run lasts; capture/README.md says who needs them.
 */
import { BaseModule, libraryPrototypes } from "../graph/base-module.ts";
import { tellResult } from "./record.ts";
import { enter, leave, type Modules, noteOrigin } from "./running.ts";

type Method = (...args: unknown[]) => unknown;

/** What instances of a class run when a method is called by its name. */
interface MethodOfClass {
  /** The prototype that has the method: the class's own, or that of a class it extends. */
  readonly owner: object;
  /** Whether captures of method outputs record what it returns. */
  readonly isRecorded: boolean;
}

/** The methods of the classes whose methods are wrapped now, by the classes' prototypes. */
const classes = new Map<object, ReadonlyMap<string, MethodOfClass>>();

/** The names that a class lists as helpers: `private` methods are ordinary ones at run time. */
function helpersOf(prototype: object): ReadonlySet<unknown> {
  const { constructor: type } = prototype as { readonly constructor: unknown };
  const helpers: unknown = typeof type === "function" ? Reflect.get(type, "helpers") : undefined;
  return new Set(Array.isArray(helpers) ? (helpers as readonly unknown[]) : []);
}

/** The methods of a class, and those that it inherits from other classes of users. */
function methodsOf(prototype: object): ReadonlyMap<string, MethodOfClass> {
  const helpers = helpersOf(prototype);
  const found = new Map<string, MethodOfClass>();
  // An accessor hides the methods that it overrides.
  const hidden = new Set(["constructor"]);
  let owner: object | null = prototype;
  while (owner !== null && !libraryPrototypes.has(owner)) {
    for (const name of Object.getOwnPropertyNames(owner)) {
      if (found.has(name) || hidden.has(name)) continue;
      // Reading the property itself would run an accessor.
      const isMethod = typeof Object.getOwnPropertyDescriptor(owner, name)?.value === "function";
      const isPublic = !name.startsWith("_") && !helpers.has(name);
      const isRecorded = name === "forward" || (owner === prototype && isPublic);
      if (isMethod) found.set(name, { owner, isRecorded });
      else hidden.add(name);
    }
    owner = Object.getPrototypeOf(owner) as object | null;
  }
  return found;
}

/**
 * The method that `module` runs under a name, if its class is wrapped. Frozen modules and functions
 * that are attributes are left out: what runs in them counts as run by their caller.
 */
function methodOf(module: unknown, name: string): MethodOfClass | undefined {
  if (!(module instanceof BaseModule)) return undefined;
  const method = classes.get(Object.getPrototypeOf(module) as object)?.get(name);
  return method && Object.isExtensible(module) && !Object.hasOwn(module, name) ? method : undefined;
}

/**
 * One function, and none in it: models may be nested thousands of levels deep, and each level's
 * method is on the stack.
 */
const wrapperOf = (owner: object, name: string, original: Method): Method =>
  function (this: object, ...args) {
    const method = methodOf(this, name);
    // Another owner: this is `super.forward()`, called by the method that overrides it.
    if (method?.owner !== owner) return original.apply(this, args);
    let result: unknown;
    const caller = enter(this);
    try {
      result = original.apply(this, args);
    } catch (error) {
      noteOrigin(error);
      throw error;
    } finally {
      leave(caller);
    }
    return tellResult(this, name, result, method.isRecorded);
  };

const wrappers = new WeakSet<Method>();

/** Puts a wrapper in the place of a method, and adds to `undo` how to take it away. */
function wrap(owner: object, name: string, undo: (() => void)[]): void {
  const own = Object.getOwnPropertyDescriptor(owner, name) as TypedPropertyDescriptor<Method>;
  const original = own.value as Method;
  // A run around this one wrapped it, or another class that inherits it; or its class is frozen.
  if (wrappers.has(original) || !(own.configurable || own.writable)) return;
  const value = wrapperOf(owner, name, original);
  wrappers.add(value);
  Object.defineProperty(owner, name, { ...own, value });
  undo.push(() => {
    // What the run itself put there stays.
    const now: unknown = Object.getOwnPropertyDescriptor(owner, name)?.value;
    if (now === value) Object.defineProperty(owner, name, own);
  });
}

/** Runs `f` with the methods of the modules' classes wrapped. */
export function withWrappedMethods<R>(modules: Modules, f: () => R): R {
  const undo: (() => void)[] = [];
  try {
    for (const module of modules) {
      const prototype = Object.getPrototypeOf(module) as object;
      // The root may be a container.
      if (!(module instanceof BaseModule) || classes.has(prototype)) continue;
      const methods = methodsOf(prototype);
      for (const [name, { owner }] of methods) wrap(owner, name, undo);
      classes.set(prototype, methods);
      undo.push(() => classes.delete(prototype));
    }
    return f();
  } finally {
    // Runs are nested in one another, so the last one takes away what it put there.
    for (let i = undo.length - 1; i >= 0; i--) undo[i]?.();
  }
}
