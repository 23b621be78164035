/** @file Empty heads of tables. */
import type { MarkdownRenderer } from "vitepress";

/** Makes an empty head of a table an ordinary cell: a head without words says nothing to a screen reader. */
export function plainEmptyHeads(md: MarkdownRenderer): void {
  md.core.ruler.push("plain-empty-heads", ({ tokens }) => {
    for (const [i, open] of tokens.entries()) {
      const [words, close] = [tokens[i + 1], tokens[i + 2]];
      if (open.type !== "th_open" || !words || !close || words.content !== "") continue;
      open.tag = "td";
      close.tag = "td";
    }
  });
}
