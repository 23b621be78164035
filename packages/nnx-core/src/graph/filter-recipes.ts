/**
 * @file Describes how the library's predicates were made, so that definitions that contain them can
 * be written as JSON.
 */
import { descriptionOf } from "../filter/description.ts";
import {
  allOf,
  anyOf,
  everything,
  not,
  nothing,
  ofType,
  pathContains,
  pathIn,
  withTag,
} from "../filter/filter.ts";

/** The functions that make predicates, by their names in definitions. */
export const filterFactories: Readonly<Record<string, (...args: never[]) => object>> = {
  "filter.everything": () => everything,
  "filter.nothing": () => nothing,
  "filter.withTag": withTag,
  "filter.ofType": ofType,
  "filter.pathContains": pathContains,
  "filter.pathIn": pathIn,
  "filter.anyOf": anyOf,
  "filter.allOf": allOf,
  "filter.not": not,
};

/** The factory and the arguments of a predicate of the library; `undefined` for other values. */
export function filterRecipe(
  predicate: unknown,
): { readonly factory: string; readonly args: readonly unknown[] } | undefined {
  const description = descriptionOf(predicate);
  if (description === undefined) return undefined;
  const factory = `filter.${description.kind}`;
  switch (description.kind) {
    case "everything":
    case "nothing":
      return { factory, args: [] };
    case "withTag":
      return { factory, args: [description.tag] };
    case "ofType":
      return { factory, args: [description.type] };
    case "pathContains":
      return { factory, args: [description.part, { exact: description.exact }] };
    case "pathIn":
      return { factory, args: description.paths };
    default:
      return { factory, args: description.parts };
  }
}
