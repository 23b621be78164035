/**
 * @file Finds the TypeScript examples of the documentation: fenced blocks in Markdown files and in
 * doc comments.
 */
import { existsSync, readFileSync } from "node:fs";
import { filesBelow } from "../files-below.ts";

/** One fenced `ts` block. */
export interface Snippet {
  readonly file: string;
  /** The number of the first line of code, from 1. */
  readonly line: number;
  readonly code: string;
}

const FENCE = /^(\s*(?:\*\s?)?)```ts\s*$/;

/** Returns all blocks of a file. Removes the leading ` * ` of doc comments. */
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
  return filesBelow(root).filter(
    (name) => !name.startsWith("docs/reference/") && IS_DOCUMENTATION.test(name),
  );
}

/**
 * The sentence with which a page announces that later blocks without imports continue this block.
 */
export const CONTINUED = "The blocks without imports go below this one, each by itself.";

/**
 * The blocks of a page as readers run them: with their own imports, or below the previous block
 * that has imports, if the page announces it.
 */
export function asPasted(page: string, blocks: readonly Snippet[]): Snippet[] {
  let above = "";
  return blocks.map((block) => {
    if (/^import\s/m.test(block.code)) {
      above = block.code;
      return block;
    }
    if (page.includes(CONTINUED) && above !== "") return { ...block, code: `${above}\n${block.code}` };
    throw new Error(
      `${block.file}:${block.line}: expected a block that imports what it uses, got one without imports. ` +
        `Add them, or say on the page: ${CONTINUED}`,
    );
  });
}

/** Every snippet of the repository's documentation. */
export const allSnippets = (): Snippet[] =>
  ROOTS.flatMap(filesIn).flatMap((file) => {
    const text = readFileSync(file, "utf8");
    const found = snippetsOf(file, text);
    return file.endsWith(".md") ? asPasted(text, found) : found;
  });
