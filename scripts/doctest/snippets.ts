/** @file The TypeScript examples of the documentation: fenced blocks in Markdown files and in doc comments. */
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** One fenced `ts` block. */
export interface Snippet {
  readonly file: string;
  /** Of the first line of code, from 1. */
  readonly line: number;
  readonly code: string;
}

const FENCE = /^(\s*(?:\*\s?)?)```ts\s*$/;

/** All blocks of a file. In doc comments the leading ` * ` is taken off. */
export function snippetsOf(file: string, text: string): Snippet[] {
  const lines = text.split("\n");
  const found: Snippet[] = [];
  for (let i = 0; i < lines.length; i++) {
    const fence = FENCE.exec(lines[i] as string);
    if (!fence || (!file.endsWith(".md") && !(fence[1] as string).includes("*"))) continue;
    const margin = file.endsWith(".md") ? /^/ : /^\s*\*\s?/;
    const start = i + 1;
    let end = start;
    while (end < lines.length && !(lines[end] as string).trimEnd().endsWith("```")) end++;
    const code = lines.slice(start, end).map((line) => line.replace(margin, ""));
    found.push({ file, line: start + 1, code: code.join("\n") });
    i = end;
  }
  return found;
}

const ROOTS = ["README.md", "CONTRIBUTING.md", "docs", "packages", "examples"];
const IS_DOCUMENTATION = /(?:\.md|^(?!.*\.(?:test|test-d|bench|generated)\.ts$).*\.ts)$/;

function filesIn(root: string): string[] {
  if (!existsSync(root)) return [];
  if (root.endsWith(".md")) return [root];
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((name) => `${root}/${name.replaceAll("\\", "/")}`)
    .filter((name) => !/(?:^|\/)(?:node_modules|dist)\//.test(name) && IS_DOCUMENTATION.test(name))
    .sort();
}

/** Every snippet of the repository's documentation. */
export const allSnippets = (): Snippet[] =>
  ROOTS.flatMap(filesIn).flatMap((file) => snippetsOf(file, readFileSync(file, "utf8")));
