/** @file A layer as files know it, for tests that hold it. */
import { graphdef, graphDefToJson, GraphNode, Variable } from "@nnxjs/nnx-core";

/**
 * Names of attributes, the order of the parts that a model is drawn again in, and the definition as
 * JSON, an attribute a line. Definitions are stored in files and compared with each other, so none
 * of these may change by accident.
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
