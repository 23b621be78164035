/** @file Prints definitions as text. */
import { checkGraphDef } from "./check-graph-def.ts";
import type { GraphDef } from "./graph-def.ts";
import { graphDefLines } from "./graph-def-text.ts";

/**
 * Prints a definition as an indented outline: classes, static values, Variable types with metadata,
 * and the first path of each shared part.
 * @param graphdef - A definition.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Sequential(new nnx.Linear(2, 1, { rngs: new nnx.Rngs(0) }));
 * console.log(nnx.printGraphDef(nnx.graphdef(model)));
 * ```
 */
export function printGraphDef(graphdef: GraphDef): string {
  checkGraphDef("printGraphDef", graphdef);
  return graphDefLines(graphdef).join("\n");
}
