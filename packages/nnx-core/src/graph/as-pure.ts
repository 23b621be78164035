/** @file Values without the Variables around them. */
import { toPure } from "../state/pure.ts";
import { isLeaf, leafValue, type StateNode } from "../state/state.ts";
import { Variable } from "../variable/variable.ts";
import { containerKind, GraphNode } from "./node.ts";
import { state } from "./split.ts";
import { disposeState } from "../state/builder.ts";

/**
 * The same structure with each Variable, and each leaf of a State, replaced by its value; a module becomes nested plain objects of its leaves'
 * values. Nothing is copied, and nothing is held: the values belong to whom they belonged before.
 * @see Flax `nnx.as_pure`
 */
export function asPure(value: unknown): unknown {
  if (value instanceof Variable) return value.getRawValue();
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof GraphNode) {
    const values = state(value);
    try {
      return toPure(values);
    } finally {
      disposeState(values);
    }
  }
  if (isLeaf(value as StateNode)) return leafValue(value as Parameters<typeof leafValue>[0]);
  switch (containerKind(value)) {
    case "array":
      return (value as readonly unknown[]).map(asPure);
    case "map":
      return new Map([...(value as ReadonlyMap<unknown, unknown>)].map(([key, item]) => [key, asPure(item)]));
    case "record":
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asPure(item)]));
    default:
      return value;
  }
}
