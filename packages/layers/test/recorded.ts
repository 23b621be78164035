/** @file Writes down what files store of a layer. */
import { graphdef, graphDefToJson, GraphNode, Variable } from "@nnxjs/nnx-core";

/**
 * The names of the attributes, the order in which parts are drawn again, and the definition as JSON
 * with one attribute per line. Definitions are stored in files and compared with each other, so
 * none of these may change by accident.
 */
export function recorded(layer: object): string {
  const parts = Object.entries(layer).filter(([, value]) => isPart(value));
  const { nodes, ...rest } = graphDefToJson(graphdef(layer)) as { nodes: readonly object[] };
  return [
    `attributes ${Object.keys(layer).sort().join(" ")}`,
    `parts ${parts.map(([name]) => name).join(" ")}`,
    JSON.stringify(rest),
    ...nodes.flatMap((node) => {
      const { attributes = [], ...type } = node as { attributes?: readonly unknown[] };
      return [JSON.stringify(type), ...attributes.map((each) => `  ${JSON.stringify(each)}`)];
    }),
  ].join("\n");
}

const isPart = (value: unknown): boolean => value instanceof Variable || value instanceof GraphNode;
