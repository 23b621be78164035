/** @file Turns the documentation's examples into test files under .doctest/, one for each file that has examples. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { allSnippets, type Snippet } from "./snippets.ts";

const OUT = ".doctest";
const IMPORT = /^import\s/;

const fixtureNames = (): string[] => {
  const source = readFileSync("scripts/doctest/fixtures.ts", "utf8");
  return [...source.matchAll(/^export (?:const|class|function) (\w+)/gm)].map((match) => match[1] as string);
};

const DECLARATION =
  /\b(?:(?:const|let)\s+(\w+|[[{].*?[\]}])\s*(?::[^=]+)?(?:=|of\b)|(?:class|function)\s+(\w+)|^import\s(.+?)\sfrom)/gm;

/** Whether the example itself says what `name` is. */
const declares = (code: string, name: string): boolean =>
  [...code.matchAll(DECLARATION)].some((match) =>
    new RegExp(`\\b${name}\\b`).test(match.slice(1).filter(Boolean).join(" ")),
  );

/** The modules and fixtures that an example uses without saying where they are from. */
function givens(code: string, fixtures: readonly string[]): string[] {
  const modules = { nnx: "@nnxjs/nnx", tf: "@tensorflow/tfjs-core" };
  const imports = Object.entries(modules)
    .filter(([name]) => new RegExp(`\\b${name}\\.`).test(code) && !declares(code, name))
    .map(([name, from]) => `import * as ${name} from "${from}";`);
  const used = fixtures.filter(
    (name) => new RegExp(`(?<![.\\w"])${name}\\b(?!:)`).test(code) && !declares(code, name),
  );
  return used.length > 0
    ? [...imports, `import { ${used.join(", ")} } from "../scripts/doctest/fixtures.ts";`]
    : imports;
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
function fileOf(snippet: Snippet, fixtures: readonly string[]): string {
  const own = snippet.code.split("\n").filter((text) => IMPORT.test(text));
  const head = [...own, ...givens(snippet.code, fixtures)];
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

/** Writes them all anew. */
export function writeDoctests(): void {
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT);
  const fixtures = fixtureNames();
  for (const snippet of allSnippets()) {
    const name = `${snippet.file.replaceAll("/", "--")}-${snippet.line}`;
    writeFileSync(`${OUT}/${name}.test.ts`, fileOf(snippet, fixtures));
  }
}
