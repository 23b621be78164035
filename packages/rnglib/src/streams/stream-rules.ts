/** @file Rules for splitting, forking or broadcasting: which streams, and into which shape. */
import { type Filter, type Path, type Predicate, toPredicate } from "@nnxjs/nnx-core";
import { dimensionsOf, type Shape } from "../keys/shape.ts";

/** A shape into which to split or broadcast a stream; `null` for no change. */
export type StreamShape = Shape | null;

/**
 * A shape for all streams, or a rule for each. Rules are a record by stream name, or filters with
 * shapes as a Map or a list of pairs. The first rule that matches applies.
 */
export type StreamShapes =
  | Shape
  | ReadonlyMap<Filter, StreamShape>
  | readonly (readonly [filter: Filter, shape: StreamShape])[]
  | Readonly<Record<string, StreamShape>>;

/** One rule. */
export interface StreamRule {
  readonly filter: Filter;
  readonly matches: Predicate;
  readonly shape: readonly number[] | null;
}

const isShape = (shapes: StreamShapes): shapes is Shape =>
  typeof shapes === "number" || (Array.isArray(shapes) && shapes.every((d) => typeof d === "number"));

/**
 * The rules in order.
 * @throws RangeError for invalid shapes, FilterError for invalid filters.
 */
export function rulesOf(where: string, shapes: StreamShapes): StreamRule[] {
  const pairs: Iterable<readonly [Filter, StreamShape]> = isShape(shapes)
    ? [[true, shapes]]
    : Symbol.iterator in shapes
      ? (shapes as Iterable<readonly [Filter, StreamShape]>)
      : Object.entries(shapes);
  return Array.from(pairs, ([filter, shape]) => ({
    filter,
    matches: toPredicate(filter),
    shape: shape === null ? null : dimensionsOf(where, shape),
  }));
}

/** The first rule that matches this stream, or this Variable of a stream. */
export const ruleFor = (rules: readonly StreamRule[], path: Path, value: unknown): StreamRule | undefined =>
  rules.find((rule) => rule.matches(path, value));
