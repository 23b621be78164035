/** @file Examples that run in the page: which blocks, and the code that runs. */
import { readFileSync } from "node:fs";
import type { MarkdownRenderer } from "vitepress";
import { asPasted, snippetsOf } from "../../../scripts/doctest/snippets.ts";

/** What the page has for its examples. */
const available = new Set([
  "@nnxjs/nnx",
  "@nnxjs/testing",
  "@tensorflow/tfjs-backend-cpu",
  "@tensorflow/tfjs-backend-wasm",
  "@tensorflow/tfjs-core",
  "fast-check",
]);

/** Whether a browser has everything that the code imports. */
export function runsInPages(code: string): boolean {
  const imported = Array.from(
    code.matchAll(/^import\s(?:[^"]* from )?"([^"]+)";/gm),
    ([, name]) => name as string,
  );
  return (
    imported.includes("@nnxjs/nnx") &&
    imported.some((name) => name.startsWith("@tensorflow/tfjs-backend")) &&
    imported.every((name) => available.has(name)) &&
    !/\bprocess\.|\bopfs|\bindexedDb/.test(code)
  );
}

/** A page's blocks, each as a reader would paste it. */
function pastedOf(path: string): ReadonlyMap<string, string> {
  const text = readFileSync(path, "utf8");
  const own = snippetsOf(path, text);
  return new Map(asPasted(text, own).map(({ code }, i) => [own[i]!.code, code]));
}

export function liveBlocks(md: MarkdownRenderer): void {
  const fence = md.renderer.rules.fence!;
  md.renderer.rules.fence = (tokens, index, options, env: { path: string }, self) => {
    const html = fence(tokens, index, options, env, self);
    const { info, content } = tokens[index]!;
    if (info.trim() !== "ts" || env.path.includes("/reference/")) return html;
    const shown = content.replace(/\n$/, "");
    const whole = pastedOf(env.path).get(shown);
    if (whole === undefined || !runsInPages(whole)) return html;
    const above = whole.slice(0, whole.length - shown.length);
    const encoded = md.utils.escapeHtml(encodeURIComponent(above));
    // Below the block rather than around it: then the block is plain HTML, which Vue leaves as it is.
    return `${html}<LiveCode above="${encoded}" />`;
  };
}
