/** @file Definitions as JSON, and back. */
import { describe, StructureError } from "../errors.ts";
import { formatPath, type PathPart } from "../path.ts";
import { arrayDef, nodeDef, staticDef } from "./attribute-defs.ts";
import type { AttributeDef, GraphDef, NodeDef } from "./graph-def.ts";
import { pathOfNode } from "./node-paths.ts";
import { moduleNames } from "./registry.ts";
import { fromJson, type Json, toJson, variableName, variableTypeOf } from "./static-json.ts";

/** A definition as plain JSON. */
export interface GraphDefJson {
  readonly format: "nnx.graphdef";
  readonly version: 1;
  readonly leafCount: number;
  readonly root: Json;
  readonly nodes: readonly Json[];
}

/**
 * A definition as JSON. Module classes, Variable classes and functions in it are written by their registered names, functions that a
 * registered factory made by how they were made.
 * @throws {@link StructureError} naming the path of the first attribute that cannot be written, and how it could be.
 */
export function graphDefToJson(graphdef: GraphDef): GraphDefJson {
  const failAt =
    (index: number, key: readonly PathPart[], what: string) =>
    (value: unknown, advice: string): StructureError =>
      new StructureError(
        `graphDefToJson at ${formatPath([...pathOfNode(graphdef, index), ...key])}: expected ${what} that can be written, ` +
          `got ${describe(value)}. ${advice}`,
      );
  const attributeToJson = (def: AttributeDef, index: number, key: readonly PathPart[]): Json => {
    if (def.kind === "node") return { node: def.index };
    if (def.kind === "array") return { array: true };
    return { static: toJson(def.value, failAt(index, key, "a static attribute")) };
  };
  const nodeToJson = (node: NodeDef, index: number): Json => {
    if (node.kind === "variable") {
      const fail = failAt(index, [], "a Variable");
      return { variable: variableName(node.type, fail), metadata: toJson(node.metadata, fail) };
    }
    const attributes = node.keys.map(
      (key, i): Json => [key, attributeToJson(node.attributes[i] as AttributeDef, index, [key])],
    );
    if (node.kind !== "object") return { container: node.kind, attributes };
    const name = moduleNames.nameOf(node.type);
    if (name !== undefined) return { module: name, attributes };
    throw failAt(index, [], "a class of modules")(node.type, "Register it with registerModule.");
  };
  return {
    format: "nnx.graphdef",
    version: 1,
    leafCount: graphdef.leafCount,
    root: attributeToJson(graphdef.root, 0, []),
    nodes: graphdef.nodes.map(nodeToJson),
  };
}

/**
 * The definition that {@link graphDefToJson} wrote.
 * @typeParam M - The model's type, which the JSON cannot say.
 * @throws {@link StructureError} when it is something else, {@link NotFoundError} for names that nothing is registered under.
 */
export function graphDefFromJson<M = unknown>(json: GraphDefJson): GraphDef<M> {
  if (
    json?.format !== "nnx.graphdef" ||
    json.version !== 1 ||
    !Array.isArray(json.nodes) ||
    !Number.isInteger(json.leafCount)
  ) {
    throw new StructureError(
      `graphDefFromJson: expected { format: "nnx.graphdef", version: 1, ... }, got ${describe(json)}. Pass what graphDefToJson wrote.`,
    );
  }
  const count = json.nodes.length;
  return Object.freeze({
    root: attributeFrom(json.root, count),
    nodes: Object.freeze((json.nodes as readonly Json[]).map((node) => nodeFrom(node, count))),
    leafCount: json.leafCount,
  });
}

type Entries = Readonly<Record<string, Json | undefined>>;

const entries = (json: Json | undefined): Entries => {
  if (typeof json === "object" && json !== null && !Array.isArray(json)) return json as Entries;
  throw malformed(json);
};

function attributeFrom(json: Json | undefined, count: number): AttributeDef {
  const { node, array, static: value } = entries(json);
  if (typeof node === "number" && Number.isInteger(node) && node >= 0 && node < count) return nodeDef(node);
  if (array === true) return arrayDef;
  if (value !== undefined) return staticDef(fromJson(value));
  throw malformed(json);
}

function nodeFrom(json: Json, count: number): NodeDef {
  const { variable, metadata, module, container, attributes } = entries(json);
  if (typeof variable === "string") {
    // Metadata are written from an object.
    const own = fromJson(metadata ?? {}) as Readonly<Record<string, unknown>>;
    return Object.freeze({
      kind: "variable",
      type: variableTypeOf(variable),
      metadata: Object.freeze(own),
    });
  }
  if (!Array.isArray(attributes)) throw malformed(json);
  const pairs = (attributes as readonly Json[]).map((pair): readonly Json[] => {
    const [key] = Array.isArray(pair) ? (pair as readonly Json[]) : [];
    if (typeof key === "string" || typeof key === "number") return pair as readonly Json[];
    throw malformed(pair);
  });
  const keys = Object.freeze(pairs.map(([key]) => key as PathPart));
  const defs = Object.freeze(pairs.map(([, def]) => attributeFrom(def, count)));
  if (typeof module === "string")
    return Object.freeze({
      kind: "object",
      type: moduleNames.get("graphDefFromJson", module),
      keys,
      attributes: defs,
    });
  if (container === "array" || container === "record" || container === "map")
    return Object.freeze({ kind: container, keys, attributes: defs });
  throw malformed(json);
}

const malformed = (json: unknown): StructureError =>
  new StructureError(
    `graphDefFromJson: expected a node or an attribute as graphDefToJson writes it, got ${describe(json)}. ` +
      "The JSON was changed, or is of another version.",
  );
