/** @file Equality and hash of definitions. */
import { entriesOf, isContainer } from "../data/containers.ts";
import { equalData } from "../data/equal-data.ts";
import { sourceNameOf } from "../data/name-of.ts";
import { checkGraphDef, isLasting } from "./check-graph-def.ts";
import type { AttributeDef, GraphDef, NodeDef, ObjectDef } from "./graph-def.ts";
import { nameOfFunction, recipeOf, sameRecipe } from "./registry.ts";

/**
 * Whether two definitions are equal: the same classes, attribute names, static values, Variable
 * types and metadata, and the same sharing. Static arrays, objects and Maps are compared by their
 * items, functions by identity or, if a registered factory made them, by how they were made.
 * Shapes, dtypes and values are not part of a definition.
 * @param a - A definition.
 * @param b - Another one.
 * @see Flax `GraphDef.__eq__`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const rngs = new nnx.Rngs(0);
 * const [small, again, large] = [3, 3, 5].map((n) => nnx.graphdef(new nnx.Linear(4, n, { rngs })));
 * nnx.equalGraphDefs(small!, again!); // => true
 * nnx.equalGraphDefs(small!, large!); // => false
 * ```
 */
export function equalGraphDefs(a: GraphDef, b: GraphDef): boolean {
  if (a === b) return true;
  checkGraphDef("equalGraphDefs", a);
  checkGraphDef("equalGraphDefs", b);
  // Numbers of nodes and leaves follow from the attributes, so that they need not be compared.
  return (
    equalAttributes(a.root, b.root) && a.nodes.every((node, i) => equalNodes(node, b.nodes[i] as NodeDef))
  );
}

function equalNodes(a: NodeDef, b: NodeDef): boolean {
  if (a === b) return true;
  if (a.kind === "variable")
    return b.kind === "variable" && a.type === b.type && equalData(a.metadata, b.metadata, sameRecipe);
  return (
    a.kind === b.kind &&
    (a.kind !== "object" || a.type === (b as ObjectDef).type) &&
    a.keys.length === b.keys.length &&
    a.keys.every((key, i) => key === b.keys[i]) &&
    a.attributes.every((def, i) => equalAttributes(def, b.attributes[i] as AttributeDef))
  );
}

function equalAttributes(a: AttributeDef, b: AttributeDef): boolean {
  if (a === b) return true;
  if (a.kind === "node") return b.kind === "node" && a.index === b.index;
  if (a.kind === "static") return b.kind === "static" && equalData(a.value, b.value, sameRecipe);
  if (a.kind === "leaf") return b.kind === "leaf" && equalNodes(a.definition, b.definition);
  return b.kind === "array";
}

/** Hashes texts to a number of 53 bits, made of two multiplicative 32-bit hashes. */
class Hash {
  private a = 0x9e3779b9;
  private b = 0x85ebca6b;

  add(text: string): void {
    for (let i = 0; i <= text.length; i++) {
      // One extra code marks the end of each text, so that "ab", "c" and "a", "bc" differ.
      const code = i < text.length ? text.charCodeAt(i) : 0x10ffff;
      this.a = Math.imul(this.a ^ code, 0x01000193);
      this.b = Math.imul(this.b ^ (this.a >>> 13) ^ code, 0x5bd1e995);
    }
  }

  get value(): number {
    return (this.a >>> 11) * 2 ** 32 + (this.b >>> 0);
  }
}

/**
 * The hash ignores data below this depth and after this many values, since data may contain
 * themselves.
 */
const maxDepth = 8;
const maxValues = 10_000;

/**
 * Adds data to the hash. Sharing does not count: equal data give the same hash whether their equal
 * parts are one object or several.
 */
function addData(hash: Hash, data: unknown): void {
  const open: (readonly [value: unknown, depth: number])[] = [[data, 0]];
  let count = 0;
  for (let next = open.pop(); next && count++ < maxValues; next = open.pop()) {
    const [value, depth] = next;
    if (typeof value === "function")
      hash.add(`f${recipeOf(value)?.factory ?? nameOfFunction(value) ?? sourceNameOf(value)}`);
    else if (typeof value !== "object" || value === null) hash.add(`${typeof value} ${String(value)}`);
    else {
      const prototype = Object.getPrototypeOf(value) as {
        readonly constructor?: { readonly name: string };
      } | null;
      hash.add(prototype?.constructor?.name ?? "Object");
      // Instances of classes are equal by identity, so their contents do not count.
      if (depth === maxDepth || !isContainer(value)) continue;
      // Sorted, so that the order in which the container was filled does not count.
      const entries = entriesOf(value).map(([key, item]) => [String(key), item] as const);
      for (const [key, item] of entries.sort(([x], [y]) => (x < y ? -1 : x > y ? 1 : 0))) {
        hash.add(key);
        open.push([item, depth + 1]);
      }
    }
  }
}

/** Cache of hashes. Without it each hash of a definition takes 1.5 µs for each module. */
const hashes = new WeakMap<GraphDef, number>();

/**
 * A non-negative integer below 2⁵³ that is the same for equal definitions, in every process:
 * classes and functions count by their names.
 * @param graphdef - A definition.
 * @see Flax `GraphDef.__hash__`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * nnx.hashGraphDef(nnx.graphdef(model)) === nnx.hashGraphDef(nnx.graphdef(nnx.clone(model))); // => true
 * ```
 */
export function hashGraphDef(graphdef: GraphDef): number {
  const known = hashes.get(graphdef);
  if (known !== undefined) return known;
  checkGraphDef("hashGraphDef", graphdef);
  const hash = new Hash();
  const addAttribute = (def: AttributeDef): void => {
    hash.add(def.kind === "node" ? `#${def.index}` : def.kind);
    if (def.kind === "static") addData(hash, def.value);
    else if (def.kind === "leaf") {
      hash.add(sourceNameOf(def.definition.type));
      addData(hash, def.definition.metadata);
    }
  };
  hash.add(String(graphdef.leafCount));
  addAttribute(graphdef.root);
  for (const node of graphdef.nodes) {
    hash.add(node.kind === "object" || node.kind === "variable" ? sourceNameOf(node.type) : node.kind);
    if (node.kind === "variable") addData(hash, node.metadata);
    else
      node.keys.forEach((key, i) => {
        hash.add(String(key));
        addAttribute(node.attributes[i] as AttributeDef);
      });
  }
  if (isLasting(graphdef)) hashes.set(graphdef, hash.value);
  return hash.value;
}
