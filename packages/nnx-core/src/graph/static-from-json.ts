/** @file Reads static values from JSON. */
import { describe, NnxError, StructureError } from "../errors.ts";
import { formatPath, type Path } from "../path.ts";
import { factoryNames, functionNames, moduleNames } from "./registry.ts";
import { type Json, mark, mostLevels, variableTypeOf } from "./static-json.ts";

const isRecord = (json: unknown): json is { readonly [key: string]: Json } =>
  typeof json === "object" && json !== null && !Array.isArray(json);

const numbers: ReadonlyMap<string, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["-0", -0],
]);

/** Reading a bigint takes more than linear time, so longer ones are refused. */
const mostDigits = 10_000;

/**
 * Reads the static values of one definition. Shared objects in the JSON are read once, and shared
 * in the result.
 */
export class StaticReader {
  private readonly read = new Map<object, unknown>();
  private readonly open = new Set<object>();

  /** Reads a value that `toJson` wrote. @param place - Where in the JSON it is, for errors. */
  value(json: unknown, place: Path): unknown {
    if (typeof json !== "object" || json === null) {
      if (json === null || typeof json === "string" || typeof json === "number" || typeof json === "boolean")
        return json;
      throw malformed(place, "a value as JSON has it", json);
    }
    if (this.read.has(json)) return this.read.get(json);
    if (this.open.has(json)) throw malformed(place, "JSON that does not contain itself", json);
    if (this.open.size >= mostLevels) throw malformed(place, `at most ${mostLevels} levels`, json);
    this.open.add(json);
    const value = Array.isArray(json) ? this.items(json, place) : this.marked(json as Entries, place);
    this.open.delete(json);
    this.read.set(json, value);
    return value;
  }

  private items(list: readonly unknown[], place: Path): unknown[] {
    return list.map((item, i) => this.value(item, [...place, i]));
  }

  private marked(json: Entries, place: Path): unknown {
    const kind = Object.hasOwn(json, mark) ? json[mark] : undefined;
    switch (kind) {
      case undefined:
        return Object.fromEntries(
          Object.entries(json).map(([key, item]) => [key, this.value(item, [...place, key])]),
        );
      case "number":
        return numberFrom(json.value, place);
      case "bigint":
        return bigintFrom(json.value, place);
      case "undefined":
        return undefined;
      case "map":
        return new Map(this.pairs(json.entries, place));
      case "record":
        return Object.fromEntries(this.pairs(json.entries, place) as [string, unknown][]);
      case "function":
        return functionNames.get("graphDefFromJson", text(json.name, place));
      case "factory":
        return factoryNames.get("graphDefFromJson", text(json.name, place));
      case "module":
        return moduleNames.get("graphDefFromJson", text(json.name, place));
      case "variable":
        return variableTypeOf(text(json.name, place));
      case "made":
        return this.made(json, place);
      default:
        throw malformed(place, "a kind of value that this version knows", kind);
    }
  }

  private pairs(json: unknown, place: Path): [unknown, unknown][] {
    return list(json, place).map((pair, i) => {
      const [key, value, ...more] = list(pair, [...place, i]);
      if (key === undefined || value === undefined || more.length > 0)
        throw malformed([...place, i], "a pair", pair);
      return [this.value(key, [...place, i, 0]), this.value(value, [...place, i, 1])];
    });
  }

  private made({ factory, args }: Entries, place: Path): unknown {
    const name = text(factory, place);
    const make = factoryNames.get("graphDefFromJson", name);
    const values = this.items(list(args, place), place) as never[];
    try {
      return make(...values);
    } catch (error) {
      // Any other error comes from a factory that got arguments it did not expect.
      if (error instanceof NnxError) throw error;
      throw new StructureError(
        `graphDefFromJson at ${formatPath(place)}: expected arguments that ${JSON.stringify(name)} takes, got ` +
          `"${error instanceof Error ? error.message : describe(error)}". The JSON was changed, or is of another version.`,
        { cause: error },
      );
    }
  }
}

type Entries = Readonly<Record<string, unknown>>;

/** The entries of a JSON object. */
export const entriesIn = (json: unknown, place: Path): Entries => {
  if (isRecord(json)) return json;
  throw malformed(place, "a node or an attribute", json);
};

export function text(json: unknown, place: Path): string {
  if (typeof json === "string") return json;
  throw malformed(place, "a text", json);
}

export function list(json: unknown, place: Path): readonly unknown[] {
  // Holes are what no JSON has; `Array.from` makes them visible, and lists that are longer than
  // their items fail before.
  if (Array.isArray(json)) return json as readonly unknown[];
  throw malformed(place, "a list", json);
}

function numberFrom(json: unknown, place: Path): number {
  const value = numbers.get(text(json, place));
  if (value !== undefined) return value;
  throw malformed(place, `one of {${[...numbers.keys()].join(", ")}}`, json);
}

function bigintFrom(json: unknown, place: Path): bigint {
  const digits = text(json, place);
  if (/^-?\d+$/.test(digits) && digits.length <= mostDigits) return BigInt(digits);
  throw malformed(place, `an integer of at most ${mostDigits} digits`, json);
}

/** @param place - Where in the JSON. */
export const malformed = (place: Path, expected: string, got: unknown): StructureError =>
  new StructureError(
    `graphDefFromJson at ${formatPath(place)}: expected ${expected}, got ${describe(got)}. ` +
      "Pass what graphDefToJson wrote: the JSON was changed, or is of another version.",
  );
