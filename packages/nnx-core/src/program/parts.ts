/** @file The tensors, keys and numbers in nested values, each with its place. */
import { containerFrom, containerKind, entriesOf, isContainer } from "../data/containers.ts";
import { graphStateOf, isGraphState } from "../graph/graph-state.ts";
import { GraphNode } from "../graph/node.ts";
import { pathKey, type PathPart } from "../path.ts";
import { StatesBuilder } from "../state/builder.ts";
import { isStateLike } from "../state/check-state.ts";
import { withValue } from "../state/map.ts";
import { heldValue, type OwnedState, type State } from "../state/state.ts";
import { walkState } from "../state/walk-state.ts";
import { isTensor, type Tensor } from "../tensor.ts";
import { Variable } from "../variable/variable.ts";
import { isHostObject } from "./host-data.ts";

/** What becomes of the parts of a value. `place` is one text for each place in it. */
export interface PartVisitor {
  tensor(tensor: Tensor, place: string): Tensor;
  /** Gets keys and numbers. */
  host(value: unknown, place: string): unknown;
}

/** A value like this one, with other tensors, keys and numbers. Modules and Variables stay. */
export function mapParts(value: unknown, visitor: PartVisitor, path: readonly PathPart[] = []): unknown {
  if (typeof value === "number") return visitor.host(value, pathKey(path));
  if (typeof value !== "object" || value === null) return value;
  if (isTensor(value)) return visitor.tensor(value, pathKey(path));
  if (isHostObject(value)) return visitor.host(value, pathKey(path));
  if (value instanceof GraphNode || value instanceof Variable) return value;
  if (isGraphState(value)) return graphStateOf(value.graphdef, mapState(value.state, visitor, path));
  const kind = containerKind(value);
  if (kind === undefined) return value;
  if (isStateLike(value) && Object.isFrozen(value)) return mapState(value, visitor, path);
  return containerFrom(
    kind,
    entriesOf(value).map(
      ([key, item]) => [key, mapParts(item, visitor, [...path, key as PathPart])] as const,
    ),
  );
}

function mapState(state: State, visitor: PartVisitor, path: readonly PathPart[]): OwnedState {
  const builder = new StatesBuilder(1);
  const keys: PathPart[] = [...path];
  walkState(state, {
    enter: (key) => {
      keys.push(key);
      builder.enter(key);
    },
    leaf: (key, leaf) => {
      const at = key === undefined ? keys : [...keys, key];
      builder.put(0, key, withValue(leaf, mapParts(heldValue(leaf), visitor, at)));
    },
    exit: () => {
      keys.pop();
      builder.exit();
    },
  });
  return builder.finish()[0] as OwnedState;
}

/** A value like this one, with one placeholder for all tensors, keys and numbers. */
export const withoutParts = (value: unknown): unknown =>
  // The result is for comparisons alone: nobody takes the placeholder for a tensor.
  mapParts(value, { tensor: () => placeholder as unknown as Tensor, host: () => placeholder });

const placeholder = Symbol("a part");

/** The tensors, keys and numbers in a value, by their places. */
export function partsIn(value: unknown): Map<string, unknown> {
  const found = new Map<string, unknown>();
  const note = <T>(part: T, place: string): T => {
    found.set(place, part);
    return part;
  };
  visitParts(value, note);
  return found;
}

function visitParts(value: unknown, note: <T>(part: T, place: string) => T): void {
  // States are not made anew just to look at them.
  const look = (x: unknown, path: readonly PathPart[]): void => {
    if (isGraphState(x)) look(x.state, path);
    else if (isContainer(x) && isStateLike(x) && Object.isFrozen(x)) {
      const keys: PathPart[] = [...path];
      walkState(x, {
        enter: (key) => keys.push(key),
        leaf: (key, leaf) => look(heldValue(leaf), key === undefined ? keys : [...keys, key]),
        exit: () => keys.pop(),
      });
    } else if (isContainer(x) && !isTensor(x))
      for (const [key, item] of entriesOf(x)) look(item, [...path, key as PathPart]);
    else mapParts(x, { tensor: note, host: note }, path);
  };
  look(value, []);
}
