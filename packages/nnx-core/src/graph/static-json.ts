/** @file Static values as JSON, and back. */
import { describe, NotFoundError, StructureError } from "../errors.ts";
import { variableNameFromType, variableTypeFromName } from "../variable/registry.ts";
import { Variable } from "../variable/variable.ts";
import type { VariableType } from "../variable/variable-state.ts";
import type { NodeType } from "./graph-def.ts";
import { containerKind } from "./node.ts";
import { factoryNames, functionNames, moduleNames, recipeOf } from "./registry.ts";

/** What `JSON.stringify` writes and `JSON.parse` gives back unchanged. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

type AnyFunction = (...args: never[]) => unknown;

/** The key that marks what JSON has no notation for. */
const mark = "$";

const isVariableType = (f: object): f is VariableType =>
  f === Variable || (typeof f === "function" && f.prototype instanceof Variable);

/** The containers around the value that is being written. */
const around = new Set<object>();

/** @param fail - Makes the error for a value that cannot be written. */
export function toJson(value: unknown, fail: (value: unknown, advice: string) => Error): Json {
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
      return functionToJson(value as AnyFunction, fail);
    case "object":
      if (value === null) return null;
      if (around.has(value))
        throw fail(value, "It contains itself, which JSON cannot say: refer to it by a name.");
      around.add(value);
      try {
        return objectToJson(value, fail);
      } finally {
        around.delete(value);
      }
    default:
      throw fail(value, "Symbols have no name that another program would know: use a string.");
  }
}

function functionToJson(f: AnyFunction, fail: (value: unknown, advice: string) => Error): Json {
  const recipe = recipeOf(f);
  if (recipe)
    return { [mark]: "made", factory: recipe.factory, args: recipe.args.map((arg) => toJson(arg, fail)) };
  const name = functionNames.nameOf(f);
  if (name !== undefined) return { [mark]: "function", name };
  const moduleName = moduleNames.nameOf(f as unknown as NodeType);
  if (moduleName !== undefined) return { [mark]: "module", name: moduleName };
  if (isVariableType(f)) return { [mark]: "variable", name: variableName(f, fail) };
  throw fail(f, "Register it with registerFunction, or make it with a factory that registerFactory knows.");
}

/** The base class, which has no name in Flax's registry. */
const baseName = "Variable";

/** The class of Variables that {@link variableName} named. */
export const variableTypeOf = (name: string): VariableType =>
  name === baseName ? Variable : variableTypeFromName(name);

/** The registered name of a class of Variables. */
export function variableName(type: VariableType, fail: (value: unknown, advice: string) => Error): string {
  if (type === Variable) return baseName;
  try {
    return variableNameFromType(type);
  } catch (error) {
    if (error instanceof NotFoundError) throw fail(type, "Register it with registerVariableName.");
    throw error;
  }
}

function objectToJson(value: object, fail: (value: unknown, advice: string) => Error): Json {
  switch (containerKind(value)) {
    case "array":
      return (value as readonly unknown[]).map((item) => toJson(item, fail));
    case "map":
      return {
        [mark]: "map",
        entries: [...(value as ReadonlyMap<unknown, unknown>)].map((entry) =>
          entry.map((part) => toJson(part, fail)),
        ),
      };
    case "record": {
      const entries = Object.entries(value).map(([key, item]) => [key, toJson(item, fail)] as const);
      if (Object.hasOwn(value, mark) || Object.hasOwn(value, "__proto__"))
        return { [mark]: "record", entries };
      return Object.fromEntries(entries);
    }
    default:
      throw fail(
        value,
        "Only plain data and registered functions can be written: keep the object outside the model.",
      );
  }
}

const isRecord = (json: Json): json is { readonly [key: string]: Json } =>
  typeof json === "object" && json !== null && !Array.isArray(json);

const text = (json: Json | undefined): string => {
  if (typeof json === "string") return json;
  throw new StructureError(
    `graphDefFromJson: expected a text in the JSON, got ${describe(json)}. Pass what graphDefToJson wrote.`,
  );
};

const list = (json: Json | undefined): readonly Json[] => {
  if (Array.isArray(json)) return json as readonly Json[];
  throw new StructureError(
    `graphDefFromJson: expected a list in the JSON, got ${describe(json)}. Pass what graphDefToJson wrote.`,
  );
};

const entriesOf = (json: Json | undefined): [unknown, unknown][] =>
  list(json).map((entry) => {
    const [key, value] = list(entry);
    return [fromJson(key ?? null), fromJson(value ?? null)];
  });

/** The static value that {@link toJson} wrote. */
export function fromJson(json: Json): unknown {
  if (Array.isArray(json)) return (json as readonly Json[]).map(fromJson);
  if (!isRecord(json)) return json;
  const { [mark]: kind } = json;
  switch (kind) {
    case undefined:
      return Object.fromEntries(Object.entries(json).map(([key, item]) => [key, fromJson(item)]));
    case "number":
      return Number(text(json.value));
    case "bigint":
      return BigInt(text(json.value));
    case "undefined":
      return undefined;
    case "map":
      return new Map(entriesOf(json.entries));
    case "record":
      return Object.fromEntries(entriesOf(json.entries));
    case "function":
      return functionNames.get("graphDefFromJson", text(json.name));
    case "module":
      return moduleNames.get("graphDefFromJson", text(json.name));
    case "variable":
      return variableTypeOf(text(json.name));
    case "made": {
      const factory = factoryNames.get("graphDefFromJson", text(json.factory));
      return factory(...(list(json.args).map(fromJson) as never[]));
    }
    default:
      throw new StructureError(
        `graphDefFromJson: expected a kind of value that this version knows, got ${describe(kind)}. Update the library.`,
      );
  }
}
