/** @file The lines of a printed definition. */
import { entriesOf } from "../data/containers.ts";
import { nameOf } from "../data/name-of.ts";
import { formatPath, type PathPart } from "../path.ts";
import type { AttributeDef, GraphDef, NodeDef } from "./graph-def.ts";
import { pathOfNode } from "./node-paths.ts";
import { nameOfFunction, recipeOf } from "./registry.ts";

/** Prints a static value in one line. */
function printValue(value: unknown, depth = 0): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (Object.is(value, -0)) return "-0";
  if (typeof value === "bigint") return `${value}n`;
  const recipe = recipeOf(value);
  if (recipe) return `${recipe.factory}(${recipe.args.map((arg) => printValue(arg, depth + 1)).join(", ")})`;
  if (typeof value === "function") return nameOfFunction(value) ?? nameOf(value);
  if (typeof value !== "object" || value === null) return String(value);
  if (depth > 2) return "...";
  if (Array.isArray(value)) return `[${value.map((item) => printValue(item, depth + 1)).join(", ")}]`;
  const name = (Object.getPrototypeOf(value) as { constructor?: { name: string } } | null)?.constructor?.name;
  if (name !== undefined && name !== "Object" && !(value instanceof Map)) return `an instance of ${name}`;
  const items = entriesOf(value).map(([key, item]) => `${String(key)}: ${printValue(item, depth + 1)}`);
  return `${value instanceof Map ? "Map " : ""}{ ${items.join(", ")} }`;
}

const containerNames = { array: "[]", record: "{}", map: "Map", state: "State" } as const;

function printAttribute(def: Exclude<AttributeDef, { kind: "node" }>): string {
  if (def.kind === "static") return printValue(def.value);
  return def.kind === "leaf" ? `leaf ${headOf(def.definition)}` : "array";
}

function headOf(node: NodeDef): string {
  if (node.kind === "object") return nameOf(node.type);
  if (node.kind !== "variable") return containerNames[node.kind];
  const metadata = Object.keys(node.metadata).length > 0 ? ` ${printValue(node.metadata)}` : "";
  return `${nameOf(node.type)}${metadata}`;
}

/** An attribute that is still to be printed. */
type Line = readonly [def: AttributeDef, label: string, indent: string];

/** The lines of {@link printGraphDef}. */
export function graphDefLines(graphdef: GraphDef): string[] {
  const lines: string[] = [];
  const printed = new Set<number>();
  // A stack: the last item is printed next.
  const open: Line[] = [[graphdef.root, "", ""]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [def, label, indent] = next;
    if (def.kind !== "node") {
      lines.push(`${indent}${label}${printAttribute(def)}`);
      continue;
    }
    const node = graphdef.nodes[def.index] as NodeDef;
    const isKnown = printed.has(def.index);
    const first = isKnown ? `, the same as ${formatPath(pathOfNode(graphdef, def.index))}` : "";
    lines.push(`${indent}${label}${headOf(node)}${first}`);
    if (isKnown) continue;
    printed.add(def.index);
    if (node.kind === "variable") continue;
    const { keys, attributes } = node;
    const deeper = `${indent}  `;
    for (let i = attributes.length - 1; i >= 0; i--)
      open.push([attributes[i] as AttributeDef, `${keys[i] as PathPart}: `, deeper]);
  }
  return lines;
}

/** How many lines a definition has where it prints itself. */
const most = 100;

/** A definition as text, cut after {@link most} lines. */
export function graphDefText(graphdef: GraphDef): string {
  const lines = graphDefLines(graphdef);
  const cut = lines.length - most;
  return ["GraphDef", ...lines.slice(0, most), ...(cut > 0 ? [`… and ${cut} more lines`] : [])].join("\n");
}
