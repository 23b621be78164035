/** @file Registers names of classes and functions, for use in files. */
import { equalData } from "../data/equal-data.ts";
import { showAs } from "../data/name-of.ts";
import { NnxError, NotFoundError } from "../errors.ts";
import { filterFactories, filterRecipe } from "./filter-recipes.ts";
import type { NodeType } from "./graph-def.ts";

type AnyFunction = (...args: never[]) => unknown;

/** The names of one kind of thing, in both directions. */
class Names<T extends object> {
  private readonly byName = new Map<string, T>();
  private readonly names = new WeakMap<T, string>();
  private readonly register: string;

  constructor(register: string) {
    this.register = register;
  }

  /**
   * @param isNewer - Whether `thing` is a newer evaluation of the same source as `taken`. Then it
   * takes over the name.
   */
  add(name: string, thing: T, isNewer: (taken: T) => boolean): void {
    const taken = this.byName.get(name);
    if (taken && taken !== thing && !isNewer(taken)) {
      throw new NnxError(
        `${this.register}: expected a free name, got ${JSON.stringify(name)}, which something else has. Choose another name.`,
      );
    }
    this.byName.set(name, thing);
    if (!this.names.has(thing)) this.names.set(thing, name);
  }

  nameOf(thing: T): string | undefined {
    return this.names.get(thing);
  }

  all(): string[] {
    return [...this.byName.keys()];
  }

  get(where: string, name: string): T {
    const known = this.byName.get(name);
    if (known) return known;
    throw new NotFoundError(
      `${where}: expected a name that was registered, got ${JSON.stringify(name)}. ` +
        `Import the module that defines it, or register it with ${this.register} first; ` +
        "in a bundle import graphDefFromJson from @nnxjs/nnx, which keeps all that the library names.",
    );
  }
}

export const moduleNames: Names<NodeType> = new Names("registerModule");
export const functionNames: Names<AnyFunction> = new Names("registerFunction");
export const factoryNames: Names<AnyFunction> = new Names("registerFactory");
for (const [name, make] of Object.entries(filterFactories)) factoryNames.add(name, make, () => false);

/** How a function or an object was made: by a registered factory, from these arguments. */
export interface Recipe {
  readonly factory: string;
  readonly args: readonly unknown[];
}

const recipes = new WeakMap<object, Recipe>();

export const recipeOf = (made: unknown): Recipe | undefined =>
  (typeof made === "object" && made !== null) || typeof made === "function"
    ? (recipes.get(made) ?? filterRecipe(made))
    : undefined;

/**
 * Remembers how something was made without a wrapped factory. Constructors call it with `this`.
 * @param factory - A name that `registerFactory` knows.
 */
export function recordRecipe(made: object, factory: string, args: readonly unknown[]): void {
  const given = [...args];
  // Trailing `undefined`s are optional arguments that were left out.
  while (given.length > 0 && given.at(-1) === undefined) given.pop();
  recipes.set(made, Object.freeze({ factory, args: Object.freeze(given) }));
}

/** The name under which a function was registered, as itself or as a factory. */
export const nameOfFunction = (f: unknown): string | undefined =>
  functionNames.nameOf(f as AnyFunction) ?? factoryNames.nameOf(f as AnyFunction);

/**
 * Whether one factory made two functions or objects from equal arguments, or both are the same
 * factory.
 */
export function sameRecipe(a: unknown, b: unknown): boolean {
  if (typeof a === "function" && typeof b === "function") {
    const name = factoryNames.nameOf(a as AnyFunction);
    if (name !== undefined && name === factoryNames.nameOf(b as AnyFunction)) return true;
  }
  const x = recipeOf(a);
  const y = x && recipeOf(b);
  return y !== undefined && x?.factory === y.factory && equalData(x.args, y.args, sameRecipe);
}

/**
 * Whether something has the same name in the source. It is then most likely the same thing, in a
 * file that was evaluated again (hot reloading).
 */
const isNamedLike =
  (thing: { readonly name: string }) =>
  (taken: { readonly name: string }): boolean =>
    thing.name !== "" && thing.name === taken.name;

/** The sources of factories, many of which have no name. */
const sources = new WeakMap<AnyFunction, string>();

/**
 * Gives a class of modules a name, so that definitions that contain it can be written and read. A
 * class with the same `name` as the registered one replaces it, as when a file is evaluated again.
 * Definitions with the old class can still be written. Messages, tables and reports show the class
 * by the last part of that name, also in a bundle whose minifier renamed it.
 * @param name - Any text; a prefix of your own keeps it apart from others' names.
 * @param type - The class.
 * @throws {@link NnxError} when a class of another name has it.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * class Block extends nnx.Module {
 *   readonly linear = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * }
 * nnx.registerModule("my-app/Block", Block);
 * const json = JSON.stringify(nnx.graphDefToJson(nnx.graphdef(new Block())));
 * const again = nnx.graphDefFromJson(JSON.parse(json) as nnx.GraphDefJson);
 * nnx.equalGraphDefs(again, nnx.graphdef(new Block())); // => true
 * ```
 */
export function registerModule(name: string, type: NodeType): void {
  moduleNames.add(name, type, isNamedLike(type));
  showAs(name, type);
}

/**
 * Gives a function that may be a static attribute (an activation, an initializer, a class) a name,
 * so that definitions that contain it can be written and read. A function with the same `name` as
 * the registered one replaces it.
 * @param f - The function, or a class.
 * @throws {@link NnxError} when a function of another name has it.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const double = (x: tf.Tensor) => tf.mul(x, 2);
 * nnx.registerFunction("my-app/double", double);
 * const model = new nnx.Sequential(new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) }), double);
 * JSON.stringify(nnx.graphDefToJson(nnx.graphdef(model))).includes("my-app/double"); // => true
 * ```
 */
export function registerFunction(
  name: string,
  f: AnyFunction | (abstract new (...args: never[]) => object),
): void {
  functionNames.add(name, f as AnyFunction, isNamedLike(f));
}

/**
 * Gives a function that makes functions, or objects with functions in them, a name. The results of
 * the returned factory are identified by the factory and its arguments. So they can be written and
 * read, and results from equal arguments are equal in definitions.
 * @param name - Any text; a prefix of your own keeps it apart from others' names.
 * @returns the factory to use instead of `factory`.
 * @throws {@link NnxError} when a factory with another source has the name.
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * const scaled = nnx.registerFactory("scaled", (by: number) => (x: number) => x * by);
 * ```
 */
export function registerFactory<A extends unknown[], F extends object>(
  name: string,
  factory: (...args: A) => F,
): (...args: A) => F {
  const recording = (...args: A): F => {
    const made = factory(...args);
    recordRecipe(made, name, args);
    return made;
  };
  // Messages show a function's name.
  Object.defineProperty(recording, "name", { value: name.slice(name.lastIndexOf(".") + 1) });
  const source = String(factory);
  factoryNames.add(name, recording, (taken) => sources.get(taken) === source);
  sources.set(recording, source);
  return recording;
}
