/** @file Turns the documentation's examples into test files under .doctest/, one for each file that has examples. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { allSnippets, type Snippet } from "./snippets.ts";

const OUT = ".doctest";
const IMPORT = /^import\s/;

/** A module of fixtures and the names that it exports. */
interface Fixtures {
  readonly from: string;
  readonly names: readonly string[];
}

function fixturesIn(file: string): Fixtures[] {
  if (!existsSync(file)) return [];
  const declared = readFileSync(file, "utf8").matchAll(/^export (?:const|class|function) (\w+)/gm);
  return [{ from: `../${file}`, names: Array.from(declared, (match) => match[1] as string) }];
}

/** Of a page what its own fixtures have, of a doc comment the common ones. */
const fixturesFor = (file: string): Fixtures[] =>
  file.endsWith(".md")
    ? fixturesIn(`scripts/doctest/pages/${basename(file, ".md")}.ts`)
    : fixturesIn("scripts/doctest/fixtures.ts");

const DECLARATION =
  /\b(?:(?:const|let)\s+(\w+|[[{].*?[\]}])\s*(?::[^=]+)?(?:=|of\b)|(?:class|function)\s+(\w+)|^import\s(.+?)\sfrom)/gm;

/** Whether the example itself says what `name` is. */
const declares = (code: string, name: string): boolean =>
  [...code.matchAll(DECLARATION)].some((match) =>
    new RegExp(`\\b${name}\\b`).test(match.slice(1).filter(Boolean).join(" ")),
  );

const MODULES = { nnx: "@nnxjs/nnx", tf: "@tensorflow/tfjs-core" };

/** Imports of the modules and fixtures that an example uses without saying where they are from. */
function givens(code: string, fixtures: readonly Fixtures[]): string[] {
  const modules = Object.entries(MODULES)
    .filter(([name]) => new RegExp(`\\b${name}\\.`).test(code) && !declares(code, name))
    .map(([name, from]) => `import * as ${name} from "${from}";`);
  const uses = (name: string): boolean =>
    new RegExp(`(?<![.\\w"])${name}\\b(?!:)`).test(code) && !declares(code, name);
  const named = fixtures
    .map(({ from, names }) => ({ from, used: names.filter(uses) }))
    .filter(({ used }) => used.length > 0)
    .map(({ from, used }) => `import { ${used.join(", ")} } from "${from}";`);
  return [...modules, ...named];
}

/** `expression; // => value` becomes an assertion. */
const withAssertions = (line: string): string =>
  line.replace(/^(\s*)(?!const |let |return |\/\/)(.+?);\s*\/\/ => (.+)$/, "$1expect($2).toEqual($3);");

function testOf({ file, line, code }: Snippet): string {
  const body = code
    .split("\n")
    .filter((text) => !IMPORT.test(text))
    .map(withAssertions);
  return `it(${JSON.stringify(`${file}:${line}`)}, async () => {\n${body.join("\n")}\n});`;
}

/** Imports differ between the examples of one file, so each example has a file of its own. */
function fileOf(snippet: Snippet): string {
  const own = snippet.code.split("\n").filter((text) => IMPORT.test(text));
  const head = [...own, ...givens(snippet.code, fixturesFor(snippet.file))];
  return [
    `// Written from ${snippet.file}:${snippet.line}; do not edit.`,
    'import { expect, it } from "vitest";',
    ...head,
    "void expect;",
    testOf(snippet),
    "export {};",
    "",
  ].join("\n");
}

/** Writes those that changed, and removes those whose example is gone. */
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
