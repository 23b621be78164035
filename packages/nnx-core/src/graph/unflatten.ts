/** @file Builds a model from a GraphDef and its States. No constructor runs. */
import { DisposedError, StructureError } from "../errors.ts";
import { hasDisposed, leaveToModules } from "../ownership/lease.ts";
import { formatPath, type Path, pathKey, type PathPart } from "../path.ts";
import { countLeaves, flattenState, leavesOf } from "../state/flatten-state.ts";
import { disposedLeaf, makeState } from "../state/holding.ts";
import { heldValue, type State, type StateLeaf, type StateNode } from "../state/state.ts";
import { isVariableState } from "../variable/variable-state.ts";
import { giveVariableToScope } from "../variable/held-value.ts";
import { variableFromState } from "../variable/from-state.ts";
import { Variable } from "../variable/variable.ts";
import type { AttributeDef, ContainerDef, GraphDef, NodeDef, NodeType, ObjectDef } from "./graph-def.ts";
import { type Leaves, match } from "./match.ts";
import { defineChild, giveNodeToScope, type GraphNode } from "./node.ts";
import { refuseCapturedThis, refusePrivateFields } from "./source-guesses.ts";

/** Makes the parts of a model from the leaves of a GraphDef. */
export interface Make {
  /** Makes the Variable with this number, or its replacement. */
  variable(this: void, definition: NodeDef & { kind: "variable" }, leaf: StateLeaf, index: number): unknown;
  /** Makes the value for an array without a Variable. */
  array(this: void, leaf: StateLeaf): unknown;
  /** Makes a leaf of a State that the model keeps. */
  leaf(this: void, leaf: StateLeaf): StateLeaf;
  /** Makes a State from a root whose subtrees are frozen. The root itself becomes the State. */
  state(this: void, root: Record<string, StateNode>): State;
}

export const newParts: Make = {
  variable: ({ type, metadata }, leaf) =>
    giveVariableToScope(variableFromState(isVariableState(leaf) ? leaf : { type, metadata, value: leaf })),
  array: (leaf) => {
    const value = heldValue(leaf);
    leaveToModules(value);
    return value;
  },
  leaf: (leaf) => leaf,
  state: (root) => makeState(root, leavesOf(root).map(heldValue)),
};

/**
 * Builds the model. If several States have a leaf at the same path, the last one counts.
 * @throws {@link StructureError} naming the paths that are missing or too many; nothing is built
 * then.
 */
export function unflatten<M>(graphdef: GraphDef<M>, states: readonly StateNode[], make: Make = newParts): M {
  const found = match(graphdef, states);
  const { missing, used } = found;
  let given = 0;
  for (const state of states) given += countLeaves(state);
  if (missing.length > 0 || (used !== given && extraPaths(graphdef, states).length > 0))
    throw misfit(graphdef, states, missing);
  try {
    return build(graphdef, found, make).model;
  } catch (error) {
    throw error instanceof DisposedError ? disposedIn(states) : error;
  }
}

/** The result of {@link build}: the model, and the object made for each node of the definition. */
export interface Built<M> {
  readonly model: M;
  readonly nodes: readonly unknown[];
}

/**
 * Builds the model from its leaves. If it throws, the Variables that it made release their tensors.
 * @throws {@link StructureError} for classes and attributes that a copy cannot have.
 */
export function build<M>(graphdef: GraphDef<M>, leaves: Leaves, make: Make): Built<M> {
  const { variables, bare, root } = leaves;
  const { nodes } = graphdef;
  const built: unknown[] = new Array(nodes.length);
  let keepsStates = false;
  // Nodes come first. If a class is refused, no Variables that hold tensors are left behind.
  for (let i = 0; i < nodes.length; i++) {
    const def = nodes[i] as NodeDef;
    if (def.kind === "variable") continue;
    if (def.kind === "state") keepsStates = true;
    else refuseCapturedThis(graphdef, i, def);
    built[i] = emptyNode(def);
  }
  try {
    for (let i = 0; i < nodes.length; i++) {
      const def = nodes[i] as NodeDef;
      if (def.kind === "variable") built[i] = make.variable(def, variables[i] as StateLeaf, i);
    }
    const parts: Parts = { built, bare: bare.size > 0 ? bare : undefined, make };
    for (let i = 0; i < nodes.length; i++) {
      const def = nodes[i] as NodeDef;
      if (def.kind !== "variable") fill(i, def, parts);
    }
  } catch (error) {
    if (make.variable === newParts.variable)
      for (const made of built) if (made instanceof Variable) made.dispose();
    throw error;
  }
  if (keepsStates) closeStates(nodes, built, make.state);
  return { model: rootOf(graphdef.root, built, root, make) as M, nodes: built };
}

function rootOf(
  def: AttributeDef,
  built: readonly unknown[],
  leaf: StateLeaf | undefined,
  make: Make,
): unknown {
  if (def.kind === "node") return built[def.index];
  return def.kind === "static" ? def.value : bareLeaf(def, leaf as StateLeaf, make, false);
}

/** Freezes the States that the model keeps, and lets each hold its tensors. */
function closeStates(nodes: readonly NodeDef[], built: readonly unknown[], close: Make["state"]): void {
  const below = new Set<number>();
  nodes.forEach((def, i) => {
    if (def.kind !== "state") return;
    for (const attribute of def.attributes) if (attribute.kind === "node") below.add(attribute.index);
    if (below.has(i)) Object.freeze(built[i]);
  });
  // All subtrees are frozen now, so the States that are in no other State can be made.
  nodes.forEach((def, i) => {
    if (def.kind === "state" && !below.has(i)) close(built[i] as Record<string, StateNode>);
  });
}

/** The error for a value that cannot be held. */
const disposedIn = (states: readonly StateNode[]): DisposedError =>
  disposedLeaf(
    "merge",
    states.find((each) => leavesOf(each).some((leaf) => hasDisposed(heldValue(leaf)))) ?? {},
  );

/** The parts that the attributes of all nodes are taken from. */
interface Parts {
  readonly built: readonly unknown[];
  readonly bare: Leaves["bare"] | undefined;
  readonly make: Make;
}

/** Gives a new node its attributes. */
function fill(index: number, def: ObjectDef | ContainerDef, parts: Parts): void {
  const { kind, keys, attributes } = def;
  const node = parts.built[index] as object;
  const assignable = kind === "object" && areFree(keys, node);
  for (let i = 0; i < attributes.length; i++) {
    const key = keys[i] as PathPart;
    const attribute = attributes[i] as AttributeDef;
    let value: unknown;
    if (attribute.kind === "static") ({ value } = attribute);
    else if (attribute.kind === "node") value = parts.built[attribute.index];
    else
      value = bareLeaf(
        attribute,
        parts.bare?.get(index)?.get(key) as StateLeaf,
        parts.make,
        kind === "state",
      );
    if (assignable) (node as Record<PathPart, unknown>)[key] = value;
    else defineChild(node, key, value);
  }
}

/** Makes the value for a leaf that no Variable holds. */
function bareLeaf(
  attribute: AttributeDef & { kind: "array" | "leaf" },
  given: StateLeaf,
  make: Make,
  inState: boolean,
): unknown {
  if (attribute.kind === "array") return inState ? heldValue(given) : make.array(given);
  const leaf = make.leaf(given);
  const { type, metadata } = attribute.definition;
  const own = isVariableState(leaf) ? leaf : { type, value: leaf, metadata };
  // The State of a Variable is its leaf. A leaf that is not in another State becomes a State.
  return inState ? Object.freeze(own) : make.state({ ...own } as unknown as Record<string, StateNode>);
}

/**
 * Cache of {@link areFree}, by the list of keys that the instances of a class share. A name is
 * taken if the class has a method or accessor of that name. Without it `merge` takes 1.4 to 1.5
 * times as long.
 */
const freeKeys = new WeakMap<readonly PathPart[], boolean>();

function areFree(keys: readonly PathPart[], node: object): boolean {
  const known = freeKeys.get(keys);
  if (known !== undefined) return known;
  const free = !keys.some((key) => key in node);
  freeKeys.set(keys, free);
  return free;
}

type Blank = new () => GraphNode;

/** Classes without `#private` members. Without it `merge` takes 6 times as long. */
const blanks = new WeakMap<NodeType, Blank>();

/**
 * Makes an instance without running its constructor. `new` of a blank function lets JavaScript
 * engines lay the object out as usual.
 */
function instanceOf(type: NodeType): GraphNode {
  let blank = blanks.get(type);
  if (!blank) {
    refusePrivateFields(type);
    // A function, not a class, since the prototype of a class cannot be set.
    const BlankNode = function BlankNode() {};
    BlankNode.prototype = type.prototype;
    blank = BlankNode as unknown as Blank;
    blanks.set(type, blank);
  }
  const node = new blank();
  giveNodeToScope(node);
  return node;
}

function emptyNode(def: Exclude<NodeDef, { kind: "variable" }>): object {
  switch (def.kind) {
    case "object":
      return instanceOf(def.type);
    case "array":
      return [];
    case "map":
      return new Map();
    case "record":
    case "state":
      return {};
    default:
      return def satisfies never;
  }
}

function misfit(graphdef: GraphDef, states: readonly StateNode[], missing: readonly Path[]): StructureError {
  const extra = extraPaths(graphdef, states);
  const list = (paths: readonly Path[]) =>
    paths.slice(0, 8).map(formatPath).join(", ") + (paths.length > 8 ? `, and ${paths.length - 8} more` : "");
  const faults = [
    missing.length > 0 ? `nothing at ${list(missing)}` : "",
    extra.length > 0 ? `${list(extra)}, which the model does not have` : "",
  ].filter(Boolean);
  return new StructureError(
    `merge: expected a State with exactly the ${graphdef.leafCount} leaves of the GraphDef, got ${faults.join(", and ")}. ` +
      "Pass every State that split returned, and only those.",
  );
}

/** The paths of leaves in the States that the model does not have. */
function extraPaths(graphdef: GraphDef, states: readonly StateNode[]): Path[] {
  // Matched against no States, every leaf of the model is missing.
  const known = new Set(match(graphdef, []).missing.map(pathKey));
  return states
    .flatMap((state) => flattenState(state).map(([path]) => path))
    .filter((path) => !known.has(pathKey(path)));
}
