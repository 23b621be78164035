/**
 * @file Wrappers that tell whose method runs. They stand on the classes of a run's modules while the
 * run lasts; capture/README.md says who needs them.
 */
import { BaseModule, libraryPrototypes } from "../graph/base-module.ts";
import { tellResult } from "./record.ts";
import { enter, type Modules, noteOrigin, resume } from "./running.ts";

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
      resume(caller);
    }
    return tellResult(this, name, result, method.isRecorded);
  };

/** A method with a wrapper in its place. */
interface Wrapped {
  readonly owner: object;
  readonly name: string;
  readonly own: PropertyDescriptor;
  readonly wrapper: Method;
}

const wrappers = new WeakSet<Method>();

/** Puts a wrapper in the place of a method, if it has none and can be replaced. */
function wrap(owner: object, name: string): Wrapped | undefined {
  const own = Object.getOwnPropertyDescriptor(owner, name) as TypedPropertyDescriptor<Method>;
  const original = own.value as Method;
  // A run around this one wrapped it, or another class that inherits it; or its class is frozen.
  if (wrappers.has(original) || !(own.configurable || own.writable)) return undefined;
  const wrapper = wrapperOf(owner, name, original);
  wrappers.add(wrapper);
  Object.defineProperty(owner, name, { ...own, value: wrapper });
  return { owner, name, own, wrapper };
}

/** Puts a method back, unless the run itself has put another one in its place. */
function unwrap({ owner, name, own, wrapper }: Wrapped): void {
  const now: unknown = Object.getOwnPropertyDescriptor(owner, name)?.value;
  if (now === wrapper) Object.defineProperty(owner, name, own);
}

/**
 * Wraps the methods of the modules' classes, except where a run around this one has.
 * @returns how to undo that. Runs are nested in one another: undo the last one first.
 */
export function wrapMethods(modules: Modules): () => void {
  const added = new Map<object, ReadonlyMap<string, MethodOfClass>>();
  for (const module of modules) {
    const prototype = Object.getPrototypeOf(module) as object;
    // The root may be a container.
    if (!(module instanceof BaseModule) || classes.has(prototype) || added.has(prototype)) continue;
    added.set(prototype, methodsOf(prototype));
  }
  const wrapped: Wrapped[] = [];
  for (const [prototype, methods] of added) {
    classes.set(prototype, methods);
    for (const [name, { owner }] of methods) {
      const one = wrap(owner, name);
      if (one) wrapped.push(one);
    }
  }
  return () => {
    wrapped.forEach(unwrap);
    for (const prototype of added.keys()) classes.delete(prototype);
  };
}
