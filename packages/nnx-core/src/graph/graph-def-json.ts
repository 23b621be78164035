/** @file Writes definitions as JSON, and reads them. */
import { describe, StructureError } from "../errors.ts";
import { formatPath, type Path, type PathPart } from "../path.ts";
import { isPlainObject } from "../data/plain-object.ts";
import type { VariableDef } from "../variable/variable-state.ts";
import { arrayDef, leafDef, nodeDef, staticDef } from "./attribute-defs.ts";
import { checkGraphDef, checkStructure, known } from "./check-graph-def.ts";
import type { AttributeDef, ContainerDef, GraphDef, NodeDef } from "./graph-def.ts";
import { pathOfNode } from "./node-paths.ts";
import { moduleNames } from "./registry.ts";
import { entriesIn, list, malformed, StaticReader, text } from "./static-from-json.ts";
import { type Json, toJson, variableName, variableTypeOf } from "./static-json.ts";

/** A definition as plain JSON. */
export interface GraphDefJson {
  readonly format: "nnx.graphdef";
  readonly version: 1;
  readonly leafCount: number;
  readonly root: Json;
  readonly nodes: readonly Json[];
}

type Fail = (value: unknown, advice: string) => StructureError;

const variableToJson = (kind: "variable" | "leaf", { type, metadata }: VariableDef, fail: Fail): Json => ({
  [kind]: variableName(type, fail),
  metadata: toJson(metadata, fail),
});

/** Whether JSON has the form of a definition. It was parsed from text, so its type proves nothing. */
const isGraphDefJson = (json: unknown): json is GraphDefJson =>
  typeof json === "object" &&
  json !== null &&
  "format" in json &&
  json.format === "nnx.graphdef" &&
  "version" in json &&
  json.version === 1 &&
  "nodes" in json &&
  Array.isArray(json.nodes) &&
  "leafCount" in json &&
  Number.isInteger(json.leafCount);

/**
 * Writes a definition as JSON. Module classes, Variable classes and functions are written by their
 * registered names. Functions that a registered factory made are written as the factory's name and
 * arguments.
 * @param graphdef - A definition.
 * @throws {@link StructureError} with the path of the first attribute that cannot be written, and
 * advice on how to write it.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const model = new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) });
 * const json = JSON.stringify(nnx.graphDefToJson(nnx.graphdef(model)));
 * const again = nnx.graphDefFromJson<nnx.Linear>(JSON.parse(json) as nnx.GraphDefJson);
 * nnx.merge(again, nnx.state(model)).forward(tf.ones([2, 4])).shape; // => [2, 3]
 * ```
 */
export function graphDefToJson(graphdef: GraphDef): GraphDefJson {
  checkGraphDef("graphDefToJson", graphdef);
  const failAt =
    (index: number, key: readonly PathPart[], what: string): Fail =>
    (value, advice) =>
      new StructureError(
        `graphDefToJson at ${formatPath([...pathOfNode(graphdef, index), ...key])}: expected ${what} that can be written, ` +
          `got ${describe(value)}. ${advice}`,
      );
  const attributeToJson = (def: AttributeDef, index: number, key: readonly PathPart[]): Json => {
    if (def.kind === "node") return { node: def.index };
    if (def.kind === "array") return { array: true };
    if (def.kind === "leaf") return variableToJson("leaf", def.definition, failAt(index, key, "a leaf"));
    return { static: toJson(def.value, failAt(index, key, "a static attribute")) };
  };
  const nodeToJson = (node: NodeDef, index: number): Json => {
    if (node.kind === "variable") return variableToJson("variable", node, failAt(index, [], "a Variable"));
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
 * Reads a definition that {@link graphDefToJson} wrote.
 * @typeParam M - The model's type, which is not in the JSON.
 * @throws {@link StructureError} for other JSON, with the place of the fault; {@link NotFoundError}
 * for names that nothing is registered under.
 */
export function graphDefFromJson<M = unknown>(json: GraphDefJson): GraphDef<M> {
  if (!isGraphDefJson(json)) {
    throw new StructureError(
      `graphDefFromJson: expected { format: "nnx.graphdef", version: 1, ... }, got ${describe(json)}. Pass what graphDefToJson wrote.`,
    );
  }
  const reader = new StaticReader();
  const root = attributeFrom(json.root, ["root"], reader);
  const nodes = json.nodes.map((node: unknown, i) => nodeFrom(node, ["nodes", i], reader));
  const graphdef: GraphDef<M> = { root, nodes: Object.freeze(nodes), leafCount: json.leafCount };
  checkStructure("graphDefFromJson", graphdef);
  return known(graphdef);
}

function attributeFrom(json: unknown, place: Path, reader: StaticReader): AttributeDef {
  const { node, array, leaf, metadata, ...rest } = entriesIn(json, place);
  if (typeof node === "number" && Number.isInteger(node) && node >= 0) return nodeDef(node);
  if (array === true) return arrayDef;
  if (leaf !== undefined) return leafDef(variableFrom(leaf, metadata, place, reader));
  if (Object.hasOwn(rest, "static")) return staticDef(reader.value(rest.static, [...place, "static"]));
  throw malformed(place, "an attribute", json);
}

function variableFrom(name: unknown, metadata: unknown, place: Path, reader: StaticReader): VariableDef {
  const own = reader.value(metadata ?? {}, [...place, "metadata"]);
  if (!isPlainObject(own)) throw malformed([...place, "metadata"], "an object", own);
  return Object.freeze({
    kind: "variable",
    type: variableTypeOf(text(name, place)),
    metadata: Object.freeze(own),
  });
}

const containerKinds: ReadonlySet<unknown> = new Set<ContainerDef["kind"]>([
  "array",
  "record",
  "map",
  "state",
]);

function nodeFrom(json: unknown, place: Path, reader: StaticReader): NodeDef {
  const { variable, metadata, module, container, attributes } = entriesIn(json, place);
  if (variable !== undefined) return variableFrom(variable, metadata, place, reader);
  const keys: PathPart[] = [];
  const defs: AttributeDef[] = [];
  list(attributes, place).forEach((pair, i) => {
    const at = [...place, "attributes", i];
    const [key, def] = list(pair, at);
    if (typeof key !== "string" && typeof key !== "number")
      throw malformed(at, "a name and an attribute", pair);
    keys.push(key);
    defs.push(attributeFrom(def, at, reader));
  });
  const own = { keys: Object.freeze(keys), attributes: Object.freeze(defs) };
  if (module !== undefined)
    return Object.freeze({
      kind: "object",
      type: moduleNames.get("graphDefFromJson", text(module, place)),
      ...own,
    });
  if (!containerKinds.has(container)) throw malformed(place, "a node", json);
  return Object.freeze({ kind: container as ContainerDef["kind"], ...own });
}
