/**
 * @file Which module's method is running, told by wrappers on the instances of one run only; and
 * which one threw, for what errors say.
 */
import { NnxError } from "../errors.ts";
import { BaseModule, libraryPrototypes } from "../graph/base-module.ts";
import { formatPath, type Path } from "../path.ts";

/**
 * The modules whose methods are running, the innermost last; before them the root of each session.
 */
const running: object[] = [];

/** A method of `module` begins to run. */
export function enterModule(module: object): void {
  running.push(module);
}

/** The method that began last has ended. */
export function leaveModule(): void {
  running.pop();
}

/** The innermost running module that belongs to a session; the session's root if none does. */
export function runningIn(known: { has(module: object): boolean }): object | undefined {
  for (let i = running.length - 1; i >= 0; i--) if (known.has(running[i] as object)) return running[i];
  return undefined;
}

/** Whose method threw each error: the innermost one's. */
const throwers = new WeakMap<object, object>();

/** Notes whose method threw an error, unless that is known: the innermost one notes it first. */
export function noteThrower(error: unknown, module: object): void {
  if (error instanceof Error && !throwers.has(error)) throwers.set(error, module);
}

const placed = new WeakSet<NnxError>();

/** Layers do not know their path: it is added to the message of what they throw, once. */
export function sayWhere(error: unknown, pathOf: (module: object) => Path | undefined): void {
  if (!(error instanceof NnxError) || placed.has(error)) return;
  const thrower = throwers.get(error);
  const path = thrower && pathOf(thrower);
  if (!path || path.length === 0) return;
  placed.add(error);
  error.message += ` The module is at ${formatPath(path)}.`;
}

type Method = (...args: unknown[]) => unknown;

/** A method, and what it is to captures. */
interface MethodName {
  readonly name: string;
  /**
   * A class's own public methods, and `forward` wherever it comes from: what they return is
   * recorded.
   */
  readonly recorded: boolean;
}

const methodsByPrototype = new WeakMap<object, readonly MethodName[]>();

/** The names that a class says are helpers: `private` methods are ordinary ones at run time. */
function helpersOf(prototype: object): ReadonlySet<unknown> {
  const { constructor: type } = prototype as { readonly constructor: unknown };
  const helpers: unknown = typeof type === "function" ? Reflect.get(type, "helpers") : undefined;
  return new Set(Array.isArray(helpers) ? (helpers as readonly unknown[]) : []);
}

/** The methods of a class and those that it inherits from other classes of users. */
function methodsOf(prototype: object): readonly MethodName[] {
  const known = methodsByPrototype.get(prototype);
  if (known) return known;
  const helpers = helpersOf(prototype);
  const found = new Map<string, MethodName | undefined>([["constructor", undefined]]);
  for (
    let at: object | null = prototype;
    at !== null && !libraryPrototypes.has(at);
    at = Object.getPrototypeOf(at) as object | null
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      // What a class overrides is not called by this name. Descriptors, since reading an accessor
      // would run it.
      if (found.has(name)) continue;
      const isPublic = !name.startsWith("_") && !helpers.has(name);
      const recorded = name === "forward" || (at === prototype && isPublic);
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
    : // An enumerable attribute that shadows the method is the model's own business; what another run put there is wrapped once more.
      !own.enumerable && own.configurable === true && typeof own.value === "function";

interface Wrapped {
  readonly module: object;
  readonly name: string;
  readonly own: PropertyDescriptor | undefined;
  readonly wrapper: Method;
}

/** Who is told of methods that run. */
export interface Listener {
  /** A method of this module begins. */
  enter(module: object): void;
  /** It ends, in whatever way. */
  leave(module: object): void;
  /**
   * It returns; what comes back is what its caller gets. Called while the method counts as running
   * no more.
   */
  returned(module: object, method: MethodName, result: unknown): unknown;
}

/**
 * Wraps the modules' methods for one run; returns how to undo that. Frozen modules cannot be
 * wrapped: what runs in them counts as run by their caller. So do functions that are attributes,
 * which are data to the graph.
 */
export function instrument(modules: Iterable<object>, listener: Listener): () => void {
  const all: Wrapped[] = [];
  const undo = (): void => {
    for (let i = all.length - 1; i >= 0; i--) unwrap(all[i] as Wrapped);
  };
  try {
    for (const module of modules) {
      // The root may be a container, whose prototype is nobody's.
      if (!(module instanceof BaseModule)) continue;
      for (const method of methodsOf(Object.getPrototypeOf(module) as object)) {
        const { name } = method;
        const own = Object.getOwnPropertyDescriptor(module, name);
        if (!canWrap(module, own)) continue;
        const original = Reflect.get(module, name) as Method;
        const wrapper = wrapperOf(module, method, original, listener);
        // Not enumerable, so the graph does not see it; writable, since methods can be replaced.
        Object.defineProperty(module, name, { value: wrapper, configurable: true, writable: true });
        all.push({ module, name, own, wrapper });
      }
    }
  } catch (error) {
    undo();
    throw error;
  }
  return undo;
}

/**
 * One function, and none in it: models may be nested thousands of levels deep, and each level's
 * method is on the stack.
 */
const wrapperOf = (module: object, method: MethodName, original: Method, listener: Listener): Method =>
  function (this: object, ...args) {
    let result: unknown;
    listener.enter(module);
    try {
      result = original.apply(this, args);
    } catch (error) {
      noteThrower(error, module);
      throw error;
    } finally {
      listener.leave(module);
    }
    return listener.returned(module, method, result);
  };

function unwrap({ module, name, own, wrapper }: Wrapped): void {
  const now = Object.getOwnPropertyDescriptor(module, name);
  if (now === undefined) return;
  if (now.value !== wrapper) {
    // The run put a method of its own there, by assignment: as an attribute, which assignments
    // make.
    Object.defineProperty(module, name, { ...now, enumerable: true });
  } else if (own) Object.defineProperty(module, name, own);
  else Reflect.deleteProperty(module, name);
}
