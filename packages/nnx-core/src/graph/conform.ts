/** @file Nested values as the State of a definition, which says what each of them is. */
import { isArrayLike } from "../data/array-like.ts";
import { describe, StructureError } from "../errors.ts";
import { formatPath, type Path } from "../path.ts";
import { isPlainObject } from "../data/plain-object.ts";
import { Bounds } from "../state/bounds.ts";
import { isLiveState, requireLeaf } from "../state/check-state.ts";
import { setOwn, type StateNode } from "../state/state.ts";
import { isVariableState, type VariableDef } from "../variable/variable-state.ts";
import { Variable } from "../variable/variable.ts";
import type { Attributes, GraphDef, NodeDef } from "./graph-def.ts";
import { holdsLeaf } from "./holds-leaf.ts";
import { GraphNode } from "./node.ts";
import { type Plan, planOf, type Site } from "./plan.ts";

interface Frame {
  readonly node: Record<string, unknown>;
  readonly keys: readonly string[];
  readonly copy: Record<string, StateNode>;
  /** The position in the plan; -1 for the root, undefined where the definition has nothing. */
  readonly site: number | undefined;
  readonly key: string;
  readonly parent: Frame | undefined;
  next: number;
}

function pathTo(frame: Frame, key: string): Path {
  const path = [key];
  for (let f: Frame | undefined = frame; f?.parent; f = f.parent) path.push(f.key);
  return path.reverse();
}

/**
 * The State that values stand for. Those of this library are taken as they are; in others, values become leaves of the types that the definition
 * has there, and what it does not have stays where it is.
 * @throws {@link StructureError} for what can be neither a value nor a State.
 */
export function conform(where: string, graphdef: GraphDef, given: unknown): StateNode {
  if (isLiveState(where, given)) return given;
  const { root, nodes } = graphdef;
  const rootNode = root.kind === "node" ? nodes[root.index] : undefined;
  if (root.kind === "array" || root.kind === "leaf" || rootNode?.kind === "variable") {
    const definition = root.kind === "leaf" ? root.definition : rootNode;
    return leafFor(where, () => [], given, definition as VariableDef | undefined) ?? {};
  }
  if (isVariableState(given) || isArrayLike(given)) return given;
  if (!isPlainObject(given)) throw refusal(where, [], "a State, or values by name", given);
  return read(where, graphdef, given);
}

function read(where: string, graphdef: GraphDef, root: Record<string, unknown>): StateNode {
  const plan = planOf(graphdef);
  const children = childrenOf(plan);
  const bounds = new Bounds(where);
  const frameOf = (
    node: Record<string, unknown>,
    site: number | undefined,
    key: string,
    parent?: Frame,
  ): Frame => {
    bounds.enter(node, () => (parent ? pathTo(parent, key) : []));
    return { node, keys: Object.keys(node), copy: {}, site, key, parent, next: 0 };
  };
  let frame = frameOf(root, -1, "");
  for (;;) {
    const current: Frame = frame;
    const key = current.keys[current.next++];
    if (key === undefined) {
      bounds.leave(current.node);
      if (!current.parent) return Object.freeze(current.copy);
      setOwn(current.parent.copy, current.key, Object.freeze(current.copy));
      frame = current.parent;
      continue;
    }
    const child = current.node[key];
    const position = current.site === undefined ? undefined : children.get(current.site)?.get(key);
    const site = position === undefined ? undefined : plan[position];
    const isLeafSite = site !== undefined && site.kind !== "subtree";
    if (isLiveState(where, child)) setOwn(current.copy, key, child);
    else if (!isLeafSite && isPlainObject(child) && !isVariableState(child))
      frame = frameOf(child, position, key, current);
    else {
      const definition = isLeafSite ? definitionAt(graphdef, site) : anyVariable;
      const leaf = leafFor(where, () => pathTo(current, key), child, definition);
      if (leaf) setOwn(current.copy, key, leaf);
    }
  }
}

/** For what the definition does not have. */
const anyVariable: VariableDef = { kind: "variable", type: Variable, metadata: Object.freeze({}) };

function leafFor(
  where: string,
  path: () => Path,
  value: unknown,
  definition: VariableDef | undefined,
): StateNode | undefined {
  if (isVariableState(value) || isArrayLike(value)) return requireLeaf(where, path, value);
  if (definition === undefined) throw refusal(where, path(), "an array", value);
  if (value instanceof GraphNode || value instanceof Variable || holdsLeaf(value))
    throw refusal(where, path(), `a value for the ${definition.type.typeName}`, value);
  const { type, metadata } = definition;
  return Object.freeze({ type, value, metadata });
}

/** What a leaf becomes; nothing for an array, which has no Variable. */
function definitionAt({ nodes }: GraphDef, site: Site): VariableDef | undefined {
  const node = nodes[site.node] as NodeDef;
  if (site.kind === "variable") return node as VariableDef;
  const { keys, attributes } = node as Attributes;
  const attribute = attributes[keys.indexOf(site.key)];
  return attribute?.kind === "leaf" ? attribute.definition : undefined;
}

/** The positions in the plan by their place above and their name. */
function childrenOf(plan: Plan): ReadonlyMap<number, ReadonlyMap<string, number>> {
  const children = new Map<number, Map<string, number>>();
  plan.forEach(({ parent, part }, i) => {
    const siblings = children.get(parent) ?? new Map<string, number>();
    children.set(parent, siblings.set(String(part), i));
  });
  return children;
}

const refusal = (where: string, path: Path, expected: string, got: unknown): StructureError =>
  new StructureError(
    `${where}${path.length > 0 ? ` at ${formatPath(path)}` : ""}: expected ${expected}, got ${describe(got)}. ` +
      "Pass a State of this model, as split and state return it, or its values, as toPure gives them.",
  );
