/** @file Writes the examples of the documentation as test files into .doctest/. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { allSnippets, type Snippet } from "./snippets.ts";

const OUT = ".doctest";
const IMPORT = /^import\s/;

const DECLARATION =
  /\b(?:(?:const|let)\s+(\w+|[[{].*?[\]}])\s*(?::[^=]+)?(?:=|of\b)|(?:class|function)\s+(\w+)|^import\s(.+?)\sfrom)/gm;

/** Whether the example itself declares `name`. */
const declares = (code: string, name: string): boolean =>
  [...code.matchAll(DECLARATION)].some((match) =>
    new RegExp(`\\b${name}\\b`).test(match.slice(1).filter(Boolean).join(" ")),
  );

/** Names that `nnx.` and `tf.` stand for, and whatever other examples of the file import. */
const importedNames = (snippets: readonly Snippet[]): Set<string> =>
  new Set([
    "nnx",
    "tf",
    ...snippets.flatMap(({ code }) =>
      Array.from(code.matchAll(/^import (?:type )?(?:\* as (\w+)|(\w+)|\{([^}]*)\}) from/gm), (match) =>
        match.slice(1).filter(Boolean).join(",").split(","),
      )
        .flat()
        .map((name) => name.trim().replace(/^type /, "")),
    ),
  ]);

/**
 * The examples of a source are in one test file, so that one that lacks an import would find another's.
 * Readers would not.
 */
function checkImports(snippets: readonly Snippet[]): void {
  const names = [...importedNames(snippets)];
  for (const { file, line, code } of snippets) {
    const text = code.replaceAll(/\/\/.*$/gm, "").replaceAll(/"[^"\n]*"/g, '""');
    const missing = names.filter(
      (name) => new RegExp(`(?<![.\\w])${name}\\b(?!:)`).test(text) && !declares(code, name),
    );
    if (missing.length > 0)
      throw new Error(`${file}:${line}: expected imports of ${missing.join(", ")}, got none. Add them.`);
  }
}

/** `expression; // => value` becomes an assertion. */
const withAssertions = (line: string): string =>
  line.replace(/^(\s*)(?!const |let |return |\/\/)(.+?);\s*\/\/ => (.+)$/, "$1expect($2).toEqual($3);");

/**
 * `expression;`, with a comment `// throws Name: message` below it, becomes an assertion. `…` at the
 * end stands for the rest of a long message.
 */
export function withRefusals({ file, line, code }: Snippet): string {
  const asserted = code.replaceAll(
    /^([ \t]*)(?!const |let |return |\/\/)(\S.*?);\n[ \t]*\/\/ throws (.+)$/gm,
    (_all, margin: string, expression: string, told: string) =>
      told.endsWith("…")
        ? `${margin}expect(await refusalOf(async () => ${expression})).toContain(${JSON.stringify(told.slice(0, -1))});`
        : `${margin}expect(await refusalOf(async () => ${expression})).toBe(${JSON.stringify(told)});`,
  );
  if (/^[ \t]*\/\/ throws \w+: /m.test(asserted))
    throw new Error(`${file}:${line}: expected an expression above "// throws", got another statement.`);
  return asserted;
}

function testOf(snippet: Snippet): string {
  const { file, line, code } = snippet;
  const body = withRefusals(snippet)
    .split("\n")
    .filter((text) => !IMPORT.test(text))
    .map(withAssertions)
    .join("\n");
  const run = /^import .*tfjs-backend/m.test(code)
    ? body
    : `await withoutBackend(async () => {\n${body}\n});`;
  return `it(${JSON.stringify(`${file}:${line}`)}, async () => {\n${run}\n});`;
}

/**
 * A block of a page has its own file, because the imports of blocks differ. The short examples of a
 * source are in one.
 */
function fileOf(snippets: readonly Snippet[]): string {
  const [{ file, line }] = snippets as [Snippet];
  const isPage = file.endsWith(".md");
  checkImports(snippets);
  const head = snippets.flatMap(({ code }) => code.split("\n").filter((text) => IMPORT.test(text)));
  const around = [
    'import { refusalOf, withoutBackend } from "../scripts/doctest/around.ts";',
    "void withoutBackend;",
    "void refusalOf;",
  ];
  return [
    `// Written from ${isPage ? `${file}:${line}` : file}; do not edit.`,
    'import { expect, it } from "vitest";',
    ...new Set(merged(head)),
    ...around,
    "void expect;",
    ...snippets.map(testOf),
    "export {};",
    "",
  ].join("\n");
}

/** Imports of several names from one module, once each. */
function merged(imports: readonly string[]): string[] {
  const named = new Map<string, Set<string>>();
  const others: string[] = [];
  for (const text of imports) {
    const [, names, from = ""] = /^import \{([^}]*)\} from ("[^"]+");?$/.exec(text) ?? [];
    if (names === undefined) others.push(text);
    else
      named.set(from, new Set([...(named.get(from) ?? []), ...names.split(",").map((name) => name.trim())]));
  }
  return [
    ...others,
    ...[...named].map(([from, names]) => `import { ${[...names].join(", ")} } from ${from};`),
  ];
}

/** Writes the files that changed, and removes those whose example no longer exists. */
export function writeDoctests(): void {
  mkdirSync(OUT, { recursive: true });
  const groups = new Map<string, Snippet[]>();
  for (const snippet of allSnippets()) {
    const { file, line } = snippet;
    const name = `${file.replaceAll("/", "--")}${file.endsWith(".md") ? `-${line}` : ""}.test.ts`;
    groups.set(name, [...(groups.get(name) ?? []), snippet]);
  }
  const wanted = new Map([...groups].map(([name, snippets]) => [name, fileOf(snippets)]));
  for (const name of readdirSync(OUT)) if (!wanted.has(name)) rmSync(`${OUT}/${name}`);
  for (const [name, text] of wanted) {
    const path = `${OUT}/${name}`;
    if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text);
  }
}
