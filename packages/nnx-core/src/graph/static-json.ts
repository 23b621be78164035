/** @file Writes static values as JSON. */
import { containerKind } from "../data/containers.ts";
import { NotFoundError } from "../errors.ts";
import { variableNameFromType, variableTypeFromName } from "../variable/registry.ts";
import { Variable } from "../variable/variable.ts";
import type { VariableType } from "../variable/variable-state.ts";
import type { NodeType } from "./graph-def.ts";
import { factoryNames, functionNames, moduleNames, type Recipe, recipeOf } from "./registry.ts";

/** Data that `JSON.stringify` writes and `JSON.parse` reads unchanged. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

type AnyFunction = (...args: never[]) => unknown;

/** The key that marks values that JSON has no notation for. */
export const mark = "$";

const isVariableType = (f: object): f is VariableType =>
  f === Variable || (typeof f === "function" && f.prototype instanceof Variable);

/** How deep data may be nested. Deeper data are a mistake or an attack. */
export const mostLevels = 500;

type Fail = (value: unknown, advice: string) => Error;

/** @param fail - Makes the error for a value that cannot be written. */
export const toJson = (value: unknown, fail: Fail): Json => new Writer(fail).write(value);

/** Writes one value. Shared objects in it are written once, and shared in the JSON. */
class Writer {
  private readonly fail: Fail;
  /**
   * The JSON of each container. It is undefined for the containers around the value being written.
   */
  private readonly written = new Map<object, Json | undefined>();
  private level = 0;

  constructor(fail: Fail) {
    this.fail = fail;
  }

  write(value: unknown): Json {
    switch (typeof value) {
      case "string":
      case "boolean":
        return value;
      case "number":
        return Number.isFinite(value) && !Object.is(value, -0)
          ? value
          : { [mark]: "number", value: Object.is(value, -0) ? "-0" : String(value) };
      case "bigint":
        return { [mark]: "bigint", value: String(value) };
      case "undefined":
        return { [mark]: "undefined" };
      case "function":
        return this.writeFunction(value as AnyFunction);
      case "object":
        return value === null ? null : this.writeObject(value);
      default:
        throw this.fail(value, "Symbols have no name that another program would know: use a string.");
    }
  }

  private writeFunction(f: AnyFunction): Json {
    const recipe = recipeOf(f);
    if (recipe) return this.writeRecipe(recipe);
    const factory = factoryNames.nameOf(f);
    if (factory !== undefined) return { [mark]: "factory", name: factory };
    const name = functionNames.nameOf(f);
    if (name !== undefined) return { [mark]: "function", name };
    const moduleName = moduleNames.nameOf(f as unknown as NodeType);
    if (moduleName !== undefined) return { [mark]: "module", name: moduleName };
    if (isVariableType(f)) return { [mark]: "variable", name: variableName(f, this.fail) };
    throw this.fail(
      f,
      "Register it with registerFunction, or make it with a factory that registerFactory knows.",
    );
  }

  private writeRecipe({ factory, args }: Recipe): Json {
    return { [mark]: "made", factory, args: args.map((arg) => this.write(arg)) };
  }

  private writeObject(value: object): Json {
    const { written, fail } = this;
    const known = written.get(value);
    if (known !== undefined) return known;
    if (written.has(value))
      throw fail(value, "It contains itself, which JSON cannot say: refer to it by a name.");
    if (++this.level > mostLevels) throw fail(value, `It is nested more than ${mostLevels} levels deep.`);
    written.set(value, undefined);
    const json = this.writeItems(value);
    written.set(value, json);
    this.level--;
    return json;
  }

  private writeItems(value: object): Json {
    const recipe = recipeOf(value);
    if (recipe) return this.writeRecipe(recipe);
    switch (containerKind(value)) {
      case "array":
        return (value as readonly unknown[]).map((item) => this.write(item));
      case "map": {
        const entries = [...(value as ReadonlyMap<unknown, unknown>)];
        return { [mark]: "map", entries: entries.map((entry) => entry.map((part) => this.write(part))) };
      }
      case "record": {
        const entries = Object.entries(value).map(([key, item]) => [key, this.write(item)] as const);
        if (Object.hasOwn(value, mark) || Object.hasOwn(value, "__proto__"))
          return { [mark]: "record", entries };
        return Object.fromEntries(entries);
      }
      default:
        throw this.fail(
          value,
          "Only plain data, registered functions and what registered factories make can be written: " +
            "keep the object outside the model.",
        );
    }
  }
}

/** The base class, which has no name in Flax's registry. */
const baseName = "Variable";

/** The class of Variables that {@link variableName} named. */
export const variableTypeOf = (name: string): VariableType =>
  name === baseName ? Variable : variableTypeFromName(name);

/** The registered name of a class of Variables. */
export function variableName(type: VariableType, fail: Fail): string {
  if (type === Variable) return baseName;
  try {
    return variableNameFromType(type);
  } catch (error) {
    if (error instanceof NotFoundError) throw fail(type, "Register it with registerVariableName.");
    throw error;
  }
}
