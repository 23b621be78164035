/** @file Where the public names are declared: follows exports through files and packages. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { nameIn, parsed, type SyntaxNode } from "../../../scripts/surface/syntax.ts";

export const root: string = fileURLToPath(new URL("../../../", import.meta.url));

/** A file, and the name that a thing has in it. `*` is everything the file exports. */
export interface Place {
  readonly file: string;
  readonly name: string;
}

const trees = new Map<string, readonly SyntaxNode[]>();

/** The statements of a file, which is read once. */
export function statementsOf(file: string): readonly SyntaxNode[] {
  let tree = trees.get(file);
  if (tree === undefined) {
    tree = parsed(join(root, file));
    trees.set(file, tree);
  }
  return tree;
}

/** The file that an import in `from` means, or nothing for packages of others. */
function fileOf(from: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return join(dirname(from), specifier);
  const [, name, entry = "index"] = /^@nnxjs\/([\w-]+)(?:\/([\w-]+))?$/.exec(specifier) ?? [];
  if (name === undefined) return;
  return [`packages/${name}/src/${entry}.ts`, `packages/${name}/src/${entry}/index.ts`].find((file) =>
    existsSync(join(root, file)),
  );
}

const sourceOf = ({ source }: SyntaxNode): string => (source as { value: string }).value;

/** The exports of a file, by name. */
export function exportsOf(file: string): Map<string, Place> {
  const found = new Map<string, Place>();
  for (const statement of statementsOf(file)) {
    if (statement.type === "ExportAllDeclaration") {
      const from = fileOf(file, sourceOf(statement));
      const name = nameIn(statement.exported);
      if (from === undefined) continue;
      if (name !== undefined) found.set(name, { file: from, name: "*" });
      else for (const [each, place] of exportsOf(from)) found.set(each, place);
    }
    if (statement.type !== "ExportNamedDeclaration") continue;
    for (const name of declaredBy(statement)) found.set(name, { file, name });
    for (const { local, exported } of statement.specifiers as SyntaxNode[]) {
      const [inside, outside] = [local, exported].map(
        (node) => nameIn(node) ?? (node as SyntaxNode).value,
      ) as [string, string];
      const from = statement.source === null ? file : fileOf(file, sourceOf(statement));
      if (from !== undefined) found.set(outside, declarationOf({ file: from, name: inside }));
    }
  }
  return found;
}

/** The names that a statement declares. */
export function declaredBy(statement: SyntaxNode): string[] {
  const { id, declarations } = (statement.declaration ?? statement) as SyntaxNode;
  if (Array.isArray(declarations)) return declarations.map((each: SyntaxNode) => nameIn(each.id) ?? "");
  return id ? [nameIn(id) ?? ""] : [];
}

/** Follows a name to the file that declares it. */
function declarationOf(place: Place): Place {
  const { file, name } = place;
  const statements = statementsOf(file);
  if (statements.some((statement) => declaredBy(statement).includes(name))) return place;
  for (const statement of statements) {
    if (statement.type !== "ImportDeclaration") continue;
    for (const { type, local, imported } of statement.specifiers as SyntaxNode[]) {
      if (nameIn(local) !== name) continue;
      const from = fileOf(file, sourceOf(statement));
      if (from === undefined) return place;
      if (type === "ImportNamespaceSpecifier") return { file: from, name: "*" };
      return declarationOf({ file: from, name: nameIn(imported) ?? name });
    }
  }
  return exportsOf(file).get(name) ?? place;
}
