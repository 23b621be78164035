/** @file Prints definitions as text. */
import { checkGraphDef } from "./check-graph-def.ts";
import type { GraphDef } from "./graph-def.ts";
import { graphDefLines } from "./graph-def-text.ts";

/**
 * Prints a definition as an indented outline: classes, static values, Variable types with metadata,
 * and the first path of each shared part.
 * @example
 * ```ts
 * console.log(nnx.printGraphDef(nnx.graphdef(model)));
 * ```
 */
export function printGraphDef(graphdef: GraphDef): string {
  checkGraphDef("printGraphDef", graphdef);
  return graphDefLines(graphdef).join("\n");
}
