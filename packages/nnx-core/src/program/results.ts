/** @file How a call's result, and what Variables hold after it, are made of a program's results. */
import { containerFrom, containerKind, type ContainerKind, entriesOf } from "../data/containers.ts";
import { describe, NnxError } from "../errors.ts";
import { isGraphState, graphStateOf } from "../graph/graph-state.ts";
import type { GraphDef } from "../graph/graph-def.ts";
import { childAt, GraphNode } from "../graph/node.ts";
import { split } from "../graph/split.ts";
import { merge } from "../graph/merge.ts";
import { formatPath, type Path, type PathPart } from "../path.ts";
import { StatesBuilder } from "../state/builder.ts";
import { isStateLike } from "../state/check-state.ts";
import { leafValue, type State, type StateLeaf } from "../state/state.ts";
import { withValue } from "../state/map.ts";
import { walkState } from "../state/walk-state.ts";
import { isTensor, type Tensor } from "../tensor.ts";
import { Variable } from "../variable/variable.ts";
import { isVariableState, type VariableState } from "../variable/variable-state.ts";
import { unwatched } from "../variable/watched-leaf.ts";
import type { HostSlot } from "./host.ts";
import { isHostObject } from "./host-data.ts";

/** What a call has to make its results of. */
interface Ingredients {
  readonly tensors: readonly Tensor[];
  readonly inputs: readonly Tensor[];
  readonly host: readonly unknown[];
  readonly args: readonly unknown[];
}

/** Makes one value of what a replay computed. */
export type Make = (from: Ingredients) => unknown;

/** Where values come from. */
export interface Sources {
  /** The number of a tensor among the program's results; of an input below zero. */
  readonly tensor: (tensor: Tensor) => number;
  /** The step that computes a key. */
  readonly host: (value: object) => HostSlot | undefined;
  /** The step that computes the number, or the list of numbers, of a leaf. */
  readonly leaf: (leaf: VariableState) => HostSlot | undefined;
  /** Where a module or Variable stands in the arguments. */
  readonly argument: (value: object) => Path | undefined;
}

/** The tensor with this number. */
const tensorAt = (from: Ingredients, index: number): Tensor =>
  (index < 0 ? from.inputs[-1 - index] : from.tensors[index]) as Tensor;

/** How to make a tensor of its number. */
export const tensorMaker =
  (index: number): Make =>
  (from) =>
    tensorAt(from, index);

/**
 * How to make a value like this one.
 * @throws {@link NnxError} for what only a run can make, such as a function.
 */
export function makerOf(value: unknown, sources: Sources, path: Path = []): Make {
  if (isTensor(value)) return tensorMaker(sources.tensor(value));
  if (typeof value === "function") throw notMade(value, path);
  if (typeof value !== "object" || value === null) return () => value;
  if (isHostObject(value)) {
    const slot = sources.host(value);
    return slot === undefined ? () => value : (from) => from.host[slot];
  }
  if (value instanceof GraphNode || value instanceof Variable) return ofNode(value, sources, path);
  if (isGraphState(value)) {
    const { graphdef } = value;
    const make = ofState(value.state, sources, path);
    return (from) => graphStateOf(graphdef, make(from));
  }
  const kind = containerKind(value);
  if (kind === undefined) throw notMade(value, path);
  if (isStateLike(value) && Object.isFrozen(value)) return ofState(value, sources, path);
  return ofContainer(value, kind, sources, path);
}

function ofNode(value: GraphNode | Variable, sources: Sources, path: Path): Make {
  const at = sources.argument(value);
  if (at) return ({ args }) => at.reduce<unknown>((x, key) => childAt(x as object, key), args);
  const [graphdef, state] = split(value) as unknown as [GraphDef, State];
  const make = ofState(state, sources, path);
  return (from) => {
    const made = make(from);
    const built = merge(graphdef, made);
    (made as unknown as Disposable)[Symbol.dispose]();
    return built;
  };
}

function ofState(
  state: State,
  sources: Sources,
  path: Path,
): (from: Ingredients) => ReturnType<StatesBuilder["finish"]>[0] & object {
  type Step = (builder: StatesBuilder, from: Ingredients) => void;
  const steps: Step[] = [];
  const keys: PathPart[] = [...path];
  walkState(state, {
    enter: (key) => {
      keys.push(key);
      steps.push((builder) => builder.enter(key));
    },
    leaf: (key, given: StateLeaf) => {
      const own = isVariableState(given) ? unwatched(given) : undefined;
      const leaf = own ?? given;
      const slot = own && sources.leaf(own);
      const make: Make =
        slot === undefined
          ? makerOf(leafValue(leaf), sources, key === undefined ? keys : [...keys, key])
          : ({ host }) => host[slot];
      steps.push((builder, from) => builder.put(0, key, withValue(leaf, make(from))));
    },
    exit: () => {
      keys.pop();
      steps.push((builder) => builder.exit());
    },
  });
  return (from) => {
    const builder = new StatesBuilder(1);
    for (const step of steps) step(builder, from);
    return builder.finish()[0] as never;
  };
}

function ofContainer(container: object, kind: ContainerKind, sources: Sources, path: Path): Make {
  const parts = entriesOf(container).map(
    ([key, item]) => [key, makerOf(item, sources, [...path, key as PathPart])] as const,
  );
  return (from) =>
    containerFrom(
      kind,
      parts.map(([key, make]) => [key, make(from)] as const),
    );
}

const notMade = (value: unknown, path: Path): NnxError =>
  new NnxError(
    `jit: expected a result of tensors, States, modules, keys and plain values, got ${describe(value)}` +
      `${path.length > 0 ? ` at ${formatPath(path)}` : ""}. A replay cannot make it: return what it is made of.`,
  );
