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

/** Each example has its own file, because the imports of examples differ. */
function fileOf(snippet: Snippet): string {
  const { file, line, code } = snippet;
  const own = code.split("\n").filter((text) => IMPORT.test(text));
  const head = file.endsWith(".md")
    ? [
        ...own,
        'import { refusalOf, withoutBackend } from "../scripts/doctest/around.ts";',
        "void withoutBackend;",
        "void refusalOf;",
      ]
    : [...own, ...givens(code)];
  return [
    `// Written from ${file}:${line}; do not edit.`,
    'import { expect, it } from "vitest";',
    ...head,
    "void expect;",
    testOf(snippet),
    "export {};",
    "",
  ].join("\n");
}

/** Writes the files that changed, and removes those whose example no longer exists. */
export function writeDoctests(): void {
  mkdirSync(OUT, { recursive: true });
  const wanted = new Map(
    allSnippets().map((snippet) => [
      `${snippet.file.replaceAll("/", "--")}-${snippet.line}.test.ts`,
      fileOf(snippet),
    ]),
  );
  for (const name of readdirSync(OUT)) if (!wanted.has(name)) rmSync(`${OUT}/${name}`);
  for (const [name, text] of wanted) {
    const path = `${OUT}/${name}`;
    if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text);
  }
}
