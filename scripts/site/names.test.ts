/**
 * @file Checks that pages name what exists, that the reference has every public name, and that each
 * public name has a doc comment.
 */
import { existsSync, readFileSync } from "node:fs";
import * as nnx from "@nnxjs/nnx";
import { describe, expect, it } from "vitest";
import { declarationsOf } from "../../docs/.vitepress/reference/declarations.ts";
import { exportsOf } from "../../docs/.vitepress/reference/exports.ts";
import { pages, texts } from "../../docs/.vitepress/reference/write.ts";
import { filesBelow } from "../files-below.ts";
import { leadsTo } from "../../docs/.vitepress/markdown/links.ts";
import { runsInPages } from "../../docs/.vitepress/markdown/live.ts";
import { commentOf, markdownOf } from "../../docs/.vitepress/reference/comments.ts";

const umbrella = exportsOf("packages/nnx/src/index.ts");
const written = filesBelow("docs")
  .map((file) => file.slice("docs/".length))
  .filter((file) => file.endsWith(".md") && !/^reference|changelog/.test(file));

/** Names behind `nnx.` on a page that do not exist. Python says `nnx.`, too: those are left out. */
function unknownOn(file: string): string[] {
  const text = readFileSync(`docs/${file}`, "utf8").replaceAll(/```(?:py|python|js)\n[\s\S]*?```/g, "");
  // The first column of tables is the other library's.
  const own = text.replaceAll(/^\| .*? \| /gm, "");
  return Array.from(own.matchAll(/\bnnx\.([A-Za-z]\w*)(?:\.([A-Za-z]\w*))?/g), ([, name = "", inner]) => {
    const place = umbrella.get(name);
    if (place === undefined) return name.includes("_") ? "" : `nnx.${name}`;
    const isThere = inner === undefined || place.name !== "*" || exportsOf(place.file).has(inner);
    return isThere ? "" : `nnx.${name}.${inner}`;
  }).filter(Boolean);
}

describe("pages", () => {
  it.each(written.filter((file) => !/deviations|flax-and-back/.test(file)))(
    "%s names what exists",
    (file) => {
      expect(unknownOn(file)).toEqual([]);
    },
  );

  it("lead to pages of the site, and out to the repository for other files", () => {
    const page = `${process.cwd()}/docs/coming-from/flax.md`;
    expect(leadsTo(page, "../memory.md#scopes")).toBe("../memory.md#scopes");
    expect(leadsTo(page, "../../LICENSE")).toMatch(/^https:.*\/blob\/main\/LICENSE$/);
    expect(leadsTo(page, "../../CHANGELOG.md")).toBe("/changelog");
    expect(leadsTo(page, "#here")).toBe("#here");
  });

  it("run what a browser has everything for", () => {
    const code = 'import "@tensorflow/tfjs-backend-cpu";\nimport * as nnx from "@nnxjs/nnx";\n';
    expect(runsInPages(code)).toBe(true);
    expect(runsInPages(`${code}import { readFileSync } from "node:fs";\n`)).toBe(false);
    expect(runsInPages('import * as nnx from "@nnxjs/nnx";\n')).toBe(false);
  });
});

describe("the reference", () => {
  const named = pages().flatMap(({ entries }) => entries);

  it("has every value of the umbrella, and what is in its namespaces", () => {
    const names = new Set(named.map(([name]) => name));
    for (const name of Object.keys(nnx))
      if (!["random", "initializers", "metrics", "losses"].includes(name)) expect(names).toContain(name);
    for (const name of Object.keys(nnx.random)) expect(names).toContain(`random.${name}`);
    for (const name of umbrella.keys())
      expect([...names].some((each) => each.split(".")[0] === name)).toBe(true);
  });

  it("has a doc comment for each name, and leads to its source", () => {
    const bare = named.filter(([, place]) => !declarationsOf(place).some(({ doc }) => doc !== ""));
    expect(bare.map(([name]) => name)).toEqual([]);
    for (const [name, place] of named) expect(existsSync(place.file), name).toBe(true);
  });

  it("has links that lead to names", () => {
    const files = texts();
    const missing: string[] = [];
    const anchors = new Map(
      [...files].map(([file, text]) => [
        file,
        new Set(
          Array.from(text.matchAll(/^## (.+)$/gm), ([, heading = ""]) =>
            heading.toLowerCase().replaceAll(/[^\w-]/g, ""),
          ),
        ),
      ]),
    );
    for (const [file, text] of files)
      for (const [, to = "", anchor = ""] of text.matchAll(/\]\(\.\/([\w-]+\.md)#([\w-]+)\)/g))
        if (!anchors.get(to)?.has(anchor)) missing.push(`${file}: ${to}#${anchor}`);
    expect(missing).toEqual([]);
  });

  it("reads tags and links of doc comments", () => {
    const { text, params, throws, examples } = commentOf(
      "Adds.\n@param x - A number.\n@throws Error for words.\n@example\n```ts\nadd(1);\n```",
    );
    expect({ text, params, throws, examples }).toEqual({
      text: "Adds.",
      params: [["x", "A number."]],
      throws: ["Error for words."],
      examples: ["```ts\nadd(1);\n```"],
    });
    const linkOf = (name: string): string | undefined => (name === "add" ? "./a.md#add" : undefined);
    expect(markdownOf("{@link add}, {@link other}, `a<b`, a<b", linkOf)).toBe(
      "[`add`](./a.md#add), `other`, `a<b`, a&lt;b",
    );
  });
});
