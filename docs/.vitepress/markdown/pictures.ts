/** @file Puts pictures into pages as they are, so that they follow the page's light and dark. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { MarkdownRenderer } from "vitepress";

export function inlinePictures(md: MarkdownRenderer): void {
  const { image } = md.renderer.rules;
  md.renderer.rules.image = (tokens, index, options, env: { path: string }, self) => {
    const source = tokens[index]!.attrGet("src") ?? "";
    if (!/^(?:\.\.?\/)*pictures\/.*\.svg$/.test(source)) return image!(tokens, index, options, env, self);
    const svg = readFileSync(join(dirname(env.path), source), "utf8");
    // The theme has the colours; what the file brings is for GitHub.
    return svg.replace(/<style>[\s\S]*?<\/style>/, "").replaceAll("\n", "");
  };
}
