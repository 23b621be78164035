/** @file Writes the examples of the documentation as test files into .doctest/. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { allSnippets, type Snippet } from "./snippets.ts";

const OUT = ".doctest";
const IMPORT = /^import\s/;

const FIXTURES = "scripts/doctest/fixtures.ts";

/** The names that the fixtures of doc comments export. */
const fixtureNames = (): string[] =>
  Array.from(
    readFileSync(FIXTURES, "utf8").matchAll(/^export (?:const|class|function) (\w+)/gm),
    (match) => match[1] as string,
  );

const DECLARATION =
  /\b(?:(?:const|let)\s+(\w+|[[{].*?[\]}])\s*(?::[^=]+)?(?:=|of\b)|(?:class|function)\s+(\w+)|^import\s(.+?)\sfrom)/gm;

/** Whether the example itself declares `name`. */
const declares = (code: string, name: string): boolean =>
  [...code.matchAll(DECLARATION)].some((match) =>
    new RegExp(`\\b${name}\\b`).test(match.slice(1).filter(Boolean).join(" ")),
  );

const MODULES = { nnx: "@nnxjs/nnx", tf: "@tensorflow/tfjs-core" };

/**
 * Imports of the modules and fixtures that the example of a doc comment uses but does not import.
 */
function givens(code: string): string[] {
  const modules = Object.entries(MODULES)
    .filter(([name]) => new RegExp(`\\b${name}\\.`).test(code) && !declares(code, name))
    .map(([name, from]) => `import * as ${name} from "${from}";`);
  const used = fixtureNames().filter(
    (name) => new RegExp(`(?<![.\\w"])${name}\\b(?!:)`).test(code) && !declares(code, name),
  );
  return used.length === 0 ? modules : [...modules, `import { ${used.join(", ")} } from "../${FIXTURES}";`];
}

/** `expression; // => value` becomes an assertion. */
const withAssertions = (line: string): string =>
  line.replace(/^(\s*)(?!const |let |return |\/\/)(.+?);\s*\/\/ => (.+)$/, "$1expect($2).toEqual($3);");

/** `expression;`, with a comment `// throws Name: message` below it, becomes an assertion. */
const withRefusals = (body: string): string =>
  body.replaceAll(
    /^([ \t]*)(?!const |let |return |\/\/)(\S.*?);\n[ \t]*\/\/ throws (.+)$/gm,
    (_all, margin: string, expression: string, told: string) =>
      `${margin}expect(await refusalOf(async () => ${expression})).toBe(${JSON.stringify(told)});`,
  );

function testOf({ file, line, code }: Snippet): string {
  const body = withRefusals(code)
    .split("\n")
    .filter((text) => !IMPORT.test(text))
    .map(withAssertions)
    .join("\n");
  const run =
    /^import .*tfjs-backend/m.test(code) || !file.endsWith(".md")
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
  const head = snippets.flatMap(({ code }) => [
    ...code.split("\n").filter((text) => IMPORT.test(text)),
    ...(isPage ? [] : givens(code)),
  ]);
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
