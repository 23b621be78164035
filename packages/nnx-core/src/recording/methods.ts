/**
 * @file Wraps methods, so that it is known which module's method runs. The wrappers stand on the
 * classes of a run's modules while the run lasts. capture/README.md says why.
 */
import { BaseModule, libraryPrototypes } from "../graph/base-module.ts";
import { tellCall, tellResult } from "./record.ts";
import { enter, type Modules, noteOrigin, resume } from "./running.ts";

type Method = (...args: unknown[]) => unknown;

/** A method, as the instances of one class have it. */
interface MethodOfClass {
  /** The prototype on which the method stands: that of the class, or of a class that it extends. */
  readonly owner: object;
  /** Whether captures of method outputs record its results. */
  readonly isRecorded: boolean;
}

/** The classes that are wrapped now, by prototype, each with its methods by name. */
const classes = new Map<object, ReadonlyMap<string, MethodOfClass>>();

/** The names in a class's `static helpers`. At run time TypeScript's `private` is gone. */
function helpersOf(prototype: object): ReadonlySet<unknown> {
  const { constructor: type } = prototype as { readonly constructor: unknown };
  const helpers: unknown = typeof type === "function" ? Reflect.get(type, "helpers") : undefined;
  return new Set(Array.isArray(helpers) ? (helpers as readonly unknown[]) : []);
}

const known = new WeakMap<object, ReadonlyMap<string, MethodOfClass>>();

/** The methods of a class, also inherited ones, up to the library's base classes. */
function methodsOf(prototype: object): ReadonlyMap<string, MethodOfClass> {
  const methods = known.get(prototype) ?? findMethods(prototype);
  known.set(prototype, methods);
  return methods;
}

function findMethods(prototype: object): ReadonlyMap<string, MethodOfClass> {
  const helpers = helpersOf(prototype);
  const found = new Map<string, MethodOfClass>();
  // Names of accessors: they hide the methods that they override.
  const hidden = new Set(["constructor"]);
  let owner: object | null = prototype;
  while (owner !== null && !libraryPrototypes.has(owner)) {
    for (const name of Object.getOwnPropertyNames(owner)) {
      if (found.has(name) || hidden.has(name)) continue;
      // From the descriptor, since reading the property would run an accessor.
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
 * The method that an object has under a name, if its class is wrapped. None for frozen modules, and
 * where the name is an attribute: what they run counts as part of the method that calls them.
 */
function methodOf(module: unknown, name: string): MethodOfClass | undefined {
  if (typeof module !== "object" || module === null) return undefined;
  const method = classes.get(Object.getPrototypeOf(module) as object)?.get(name);
  return method && Object.isExtensible(module) && !Object.hasOwn(module, name) ? method : undefined;
}

/**
 * A wrapper. It calls the method directly, not in a callback: models may be nested thousands of
 * levels deep, and each wrapper is on the stack with its method.
 */
const wrapperOf = (owner: object, name: string, original: Method): Method =>
  function (this: object, ...args) {
    const method = methodOf(this, name);
    // `super.forward()`: the wrapper of the overriding method has noted the module already.
    if (method?.owner !== owner) return original.apply(this, args);
    let result: unknown;
    const ends = tellCall({ module: this, name, args, isRecorded: method.isRecorded });
    const caller = enter(this);
    try {
      result = original.apply(this, args);
    } catch (error) {
      noteOrigin(error);
      throw error;
    } finally {
      resume(caller);
    }
    if (ends) for (const end of ends) end(result);
    return tellResult(this, name, result, method.isRecorded);
  };

/** A method with a wrapper in its place. */
interface Wrapped {
  readonly owner: object;
  readonly name: string;
  readonly own: PropertyDescriptor;
  readonly wrapper: Method;
}

/** Each wrapper, with the method that it calls. */
const wrappers = new WeakMap<object, Method>();

/** A method itself, if this is a wrapper of a run around it. */
export const methodItself = (method: object): object => wrappers.get(method) ?? method;

/** Puts a wrapper in the place of a method, unless there is one, or the class is frozen. */
function wrap(owner: object, name: string): Wrapped | undefined {
  const own = Object.getOwnPropertyDescriptor(owner, name);
  const original: unknown = own?.value;
  // Somebody may have taken the method away since the class was first seen.
  if (!own || typeof original !== "function") return undefined;
  // A run around this one has wrapped it already, or another class inherits it too.
  if (wrappers.has(original)) return undefined;
  if (!own.configurable && !own.writable) return undefined;
  const wrapper = wrapperOf(owner, name, original as Method);
  wrappers.set(wrapper, original as Method);
  Object.defineProperty(owner, name, { ...own, value: wrapper });
  return { owner, name, own, wrapper };
}

/** Puts a method back, unless the run has replaced it itself. */
function unwrap({ owner, name, own, wrapper }: Wrapped): void {
  const now: unknown = Object.getOwnPropertyDescriptor(owner, name)?.value;
  if (now === wrapper) Object.defineProperty(owner, name, own);
}

/**
 * Wraps the methods of the modules' classes, unless a run around this one did.
 * @returns a function that puts the methods back. Runs are nested, so call the last one first.
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
