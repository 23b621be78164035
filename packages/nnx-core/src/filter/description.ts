/**
 * @file Descriptions of the predicates that the library makes. They let filters be compared,
 * printed, and run without paths.
 */
import { nameOf } from "../data/name-of.ts";
import type { Path, PathPart } from "../path.ts";
import type { FilterType, Predicate } from "./predicate.ts";

/** The combinator that made a predicate, and its arguments. */
export type Description =
  | { readonly kind: "everything" | "nothing" }
  | { readonly kind: "withTag"; readonly tag: string }
  | { readonly kind: "ofType"; readonly type: FilterType }
  | { readonly kind: "pathContains"; readonly part: PathPart; readonly exact: boolean }
  | { readonly kind: "pathIn"; readonly paths: readonly Path[] }
  | { readonly kind: "anyOf" | "allOf" | "not"; readonly parts: readonly Predicate[] };

const descriptions = new WeakMap<Predicate, Description>();

/** Stores the description of a predicate, and lets the predicate print itself by it. */
export function describePredicate(predicate: Predicate, description: Description): Predicate {
  descriptions.set(predicate, description);
  const print = { value: () => printPredicate(predicate) };
  return Object.defineProperties(predicate, {
    toString: print,
    [Symbol.for("nodejs.util.inspect.custom")]: print,
  });
}

/** The description of a predicate; `undefined` for predicates that users wrote. */
export const descriptionOf = (f: unknown): Description | undefined =>
  typeof f === "function" ? descriptions.get(f as Predicate) : undefined;

/** Whether a function is a predicate that `ofType`, `pathContains` and their like made. */
export const isDescribed = (f: unknown): f is Predicate => descriptionOf(f) !== undefined;

/**
 * Whether a predicate looks at paths alone, never at a type or a tag. The answer is `false` for
 * predicates that users wrote, since they may look at anything.
 */
export function asksForPathsOnly(predicate: Predicate): boolean {
  const description = descriptions.get(predicate);
  if (description === undefined) return false;
  if ("parts" in description) return description.parts.every(asksForPathsOnly);
  return description.kind !== "withTag" && description.kind !== "ofType";
}

/** Whether a predicate may look at the path: those that users wrote always may. */
export function needsPath(predicate: Predicate): boolean {
  const description = descriptions.get(predicate);
  switch (description?.kind) {
    case "everything":
    case "nothing":
    case "withTag":
    case "ofType":
      return false;
    case "anyOf":
    case "allOf":
    case "not":
      return description.parts.some(needsPath);
    default:
      return true;
  }
}

/**
 * A predicate as code: `anyOf(ofType(Param), withTag("head"))`. Predicates that users wrote are
 * shown by name.
 */
export function printPredicate(predicate: Predicate): string {
  const description = descriptions.get(predicate);
  if (!description) return nameOf(predicate);
  switch (description.kind) {
    case "everything":
    case "nothing":
      return description.kind;
    case "withTag":
      return `withTag(${JSON.stringify(description.tag)})`;
    case "ofType":
      return `ofType(${nameOf(description.type)})`;
    case "pathContains":
      return `pathContains(${JSON.stringify(description.part)}${description.exact ? "" : ", { exact: false }"})`;
    case "pathIn":
      return `pathIn(${description.paths.map((path) => JSON.stringify(path)).join(", ")})`;
    default:
      return `${description.kind}(${description.parts.map(printPredicate).join(", ")})`;
  }
}

/** Whether two predicates were made alike. Those that users wrote are equal by identity only. */
export function equalPredicates(a: Predicate, b: Predicate): boolean {
  if (a === b) return true;
  const x = descriptions.get(a);
  const y = descriptions.get(b);
  if (x === undefined || y === undefined || x.kind !== y.kind) return false;
  if (x.kind === "ofType" || y.kind === "ofType")
    return x.kind === "ofType" && y.kind === "ofType" && x.type === y.type;
  if (!("parts" in x) || !("parts" in y)) return printPredicate(a) === printPredicate(b);
  return (
    x.parts.length === y.parts.length &&
    x.parts.every((part, i) => equalPredicates(part, y.parts[i] as Predicate))
  );
}
