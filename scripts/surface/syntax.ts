/** @file Reads TypeScript sources: their nodes, their exported names, and their string literals. */
import { readFileSync } from "node:fs";
import { parseAst } from "vite";

/** A node of the syntax tree. */
export interface SyntaxNode {
  readonly type: string;
  readonly [key: string]: unknown;
}

const isNode = (value: unknown): value is SyntaxNode =>
  typeof value === "object" && value !== null && typeof (value as SyntaxNode).type === "string";

/** Every node below `value`, itself first. */
export function* nodesIn(value: unknown): Generator<SyntaxNode> {
  if (isNode(value)) yield value;
  if (typeof value !== "object" || value === null) return;
  for (const child of Object.values(value)) yield* nodesIn(child);
}

/** The statements of a file. */
export const parsed = (file: string): SyntaxNode[] =>
  parseAst(readFileSync(file, "utf8"), { lang: "ts" }, file).body as unknown as SyntaxNode[];

/** The name of an identifier, or a key that is written as one. */
export const nameIn = (node: unknown): string | undefined =>
  isNode(node) && node.type === "Identifier" ? (node.name as string) : undefined;

/** The names in a file's exports. Types have `type ` in front. */
export function exportedNames(file: string): string[] {
  return parsed(file).flatMap((statement): string[] => {
    if (statement.type === "ExportAllDeclaration") return [nameIn(statement.exported) ?? "*"];
    if (statement.type !== "ExportNamedDeclaration") return [];
    const specifiers = statement.specifiers as SyntaxNode[];
    return specifiers.map(({ exported, exportKind }) => {
      const isType = exportKind === "type" || statement.exportKind === "type";
      return `${isType ? "type " : ""}${nameIn(exported)}`;
    });
  });
}

/** The string literals of a file. `{}` replaces the values in templates. */
export function textsIn(statements: readonly SyntaxNode[]): string[] {
  return [...nodesIn(statements)].flatMap(({ type, value, quasis }) => {
    if (type === "Literal" && typeof value === "string") return [value];
    if (type !== "TemplateLiteral") return [];
    return [(quasis as { value: { cooked: string } }[]).map((part) => part.value.cooked).join("{}")];
  });
}
