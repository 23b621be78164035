/** @file Links from a page to files of the repository that are no pages lead to the repository. */
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { MarkdownRenderer } from "vitepress";
import manifest from "../../../package.json" with { type: "json" };

const root = fileURLToPath(new URL("../../../", import.meta.url));
const repository = `${manifest.homepage.replace(/#.*/, "")}/blob/main/`;

/** Where a link leads, seen from a page. */
export function leadsTo(page: string, target: string): string {
  if (/^(?:[a-z]+:|#|\/)/.test(target)) return target;
  const [path = "", anchor] = target.split("#");
  const file = relative(root, join(dirname(page), path));
  if (file === "CHANGELOG.md") return "/changelog";
  if (file.startsWith("docs/")) return target;
  return `${repository}${file}${anchor === undefined ? "" : `#${anchor}`}`;
}

export function leadOut(md: MarkdownRenderer): void {
  md.core.ruler.push("lead-out", (state) => {
    const { path } = state.env as { path: string };
    for (const { children } of state.tokens)
      for (const token of children ?? []) {
        const target = token.type === "link_open" ? token.attrGet("href") : null;
        if (target !== null) token.attrSet("href", leadsTo(path, target));
      }
  });
}
