/**
 * @file The check of GraphDef arguments. Definitions that this library made are known to be valid.
 * Others are checked completely, once if they are frozen.
 */
import { describe, StructureError } from "../errors.ts";
import { formatPath, type PathPart } from "../path.ts";
import { printingAs } from "../data/printing.ts";
import { isPlainObject } from "../data/plain-object.ts";
import { isVariableType } from "../variable/variable-state.ts";
import type { GraphDef } from "./graph-def.ts";
import { graphDefText } from "./graph-def-text.ts";
import { GraphNode } from "./node.ts";

/**
 * The definitions known to be valid. Without it `merge` and `equalGraphDefs` take 2.3 times as
 * long.
 */
const checked = new WeakSet<object>();

const printable = printingAs<GraphDef>(graphDefText);

/** Freezes a definition and remembers that it is valid. */
export function known<M>(graphdef: GraphDef<M>): GraphDef<M> {
  printable(graphdef);
  Object.freeze(graphdef);
  checked.add(graphdef);
  return graphdef;
}

/** Whether a definition is valid, and can no longer change. What follows from it may be kept. */
export const isLasting = (graphdef: GraphDef): boolean => checked.has(graphdef);

/** Whether something looks like a definition. {@link checkGraphDef} checks whether it is valid. */
export const isGraphDefLike = (x: unknown): x is GraphDef =>
  typeof x === "object" &&
  x !== null &&
  (checked.has(x) || ("nodes" in x && Array.isArray(x.nodes) && "root" in x && "leafCount" in x));

/**
 * @throws {@link StructureError} for anything but a valid definition, with the place of the fault
 * in it.
 */
export function checkGraphDef(where: string, x: unknown): asserts x is GraphDef {
  if (!isGraphDefLike(x)) {
    throw new StructureError(
      `${where}: expected a GraphDef, got ${describe(x)}. Pass what split returned first, or what graphdef returned.`,
    );
  }
  if (checked.has(x)) return;
  checkStructure(where, x);
  // A definition that may still change is checked again the next time.
  if (isFrozen(x)) checked.add(x);
}

const isFrozen = (graphdef: GraphDef): boolean =>
  [graphdef, graphdef.nodes, graphdef.root, ...graphdef.nodes].every(Object.isFrozen) &&
  graphdef.nodes.every(
    (node) =>
      node.kind === "variable" || [node.keys, node.attributes, ...node.attributes].every(Object.isFrozen),
  );

/**
 * An attribute that is still to be checked, the number of its node (-1 for the root), and its
 * index.
 */
type Found = readonly [def: unknown, node: number, i: number];

const placeOf = ([, node, i]: Found): PathPart[] => (node < 0 ? ["root"] : ["nodes", node, "attributes", i]);

/**
 * Checks the contents of a definition. Each reference must lead to a node. The walk must meet the
 * nodes in the order of their numbers. Each container must have a single reference, so that none
 * contains itself. Names must be valid, and the number of leaves must be `leafCount`.
 */
export function checkStructure(where: string, { nodes, root, leafCount }: GraphDef): void {
  const refuse = (place: readonly PathPart[], expected: string, got: unknown): StructureError =>
    new StructureError(
      `${where} at ${formatPath(place)}: expected ${expected}, got ${describe(got)}. ` +
        "The definition was changed, or is of another version.",
    );
  let met = 0;
  let leaves = 0;
  // A stack: the last item is checked next.
  const open: Found[] = [[root, -1, 0]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [def] = next;
    if (!isPlainObject(def)) throw refuse(placeOf(next), "an attribute", def);
    const { kind } = def;
    if (kind === "static") continue;
    if (kind === "array" || kind === "leaf") {
      leaves++;
      if (kind === "leaf" && !isVariableDef(def.definition))
        throw refuse(placeOf(next), "the definition of a leaf", def.definition);
      continue;
    }
    if (kind !== "node") throw refuse(placeOf(next), "an attribute", def);
    const { index } = def;
    if (
      typeof index !== "number" ||
      !Number.isInteger(index) ||
      index < 0 ||
      index > met ||
      index >= nodes.length
    )
      throw refuse(
        placeOf(next),
        `the number of a node that was met, or ${met} for the next of ${nodes.length}`,
        index,
      );
    const node: unknown = nodes[index];
    if (index < met) {
      if (isPlainObject(node) && node.kind !== "object" && node.kind !== "variable")
        throw refuse(placeOf(next), "a container in one place only", index);
      continue;
    }
    met++;
    if (isPlainObject(node) && node.kind === "variable") {
      if (!isVariableDef(node)) throw refuse(["nodes", index], "a class of Variables and its metadata", node);
      leaves++;
      continue;
    }
    const attributes = attributesOf(index, node, refuse);
    for (let k = attributes.length - 1; k >= 0; k--) open.push([attributes[k], index, k]);
  }
  if (met !== nodes.length) throw refuse(["nodes", met], "nodes that the model reaches", nodes[met]);
  if (leaves !== leafCount) throw refuse(["leafCount"], `the number of leaves, ${leaves}`, leafCount);
}

const isVariableDef = (x: unknown): boolean =>
  isPlainObject(x) && isVariableType(x.type) && isPlainObject(x.metadata);

const containers: ReadonlySet<unknown> = new Set(["array", "record", "map", "state"]);

function attributesOf(
  index: number,
  node: unknown,
  refuse: (place: readonly PathPart[], expected: string, got: unknown) => StructureError,
): readonly unknown[] {
  const place = ["nodes", index];
  if (!isPlainObject(node)) throw refuse(place, "a node", node);
  const { kind, type, keys, attributes } = node;
  const isObject = kind === "object";
  if (!isObject && !containers.has(kind)) throw refuse(place, "a node", node);
  if (isObject && !(typeof type === "function" && type.prototype instanceof GraphNode))
    throw refuse(place, "a class of modules", type);
  if (!Array.isArray(keys) || !Array.isArray(attributes) || keys.length !== attributes.length)
    throw refuse(place, "as many names as attributes", node);
  const names = new Set<string>();
  keys.forEach((key: unknown, i) => {
    if (typeof key !== "string" && typeof key !== "number")
      throw refuse([...place, "keys", i], "a name", key);
    if (kind === "array" && key !== i) throw refuse([...place, "keys", i], `the index ${i}`, key);
    if (names.has(String(key))) throw refuse([...place, "keys", i], "names that differ", key);
    names.add(String(key));
  });
  return attributes as readonly unknown[];
}
