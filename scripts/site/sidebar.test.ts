/** @file Checks that the site has every page, and no entry without one. `npm run docs:build` takes a minute. */
import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { filesBelow } from "../files-below.ts";
import { reference, sidebar } from "../../docs/.vitepress/sidebar.ts";
import { topics } from "../../docs/.vitepress/reference/topics.ts";
import { texts } from "../../docs/.vitepress/reference/write.ts";

const linked = sidebar.flatMap(({ items = [] }) => items.map(({ link }) => link as string));

/** Pages that others lead to: the first one, and one of figures. */
const BESIDE = ["/index", "/mutation"];

it("leads to every page that is written by hand, once", () => {
  const written = filesBelow("docs")
    .filter((file) => file.endsWith(".md") && !file.startsWith("docs/reference/"))
    .map((file) => file.replace(/^docs|\.md$/g, ""));
  expect([...linked.filter((link) => link !== "/reference/index"), ...BESIDE].sort()).toEqual(written.sort());
});

it("names no page that does not exist", () => {
  const text = readFileSync("docs/.vitepress/sidebar.ts", "utf8");
  const named = Array.from(text.matchAll(/^ {4}\["[^"]+", "([^"]+)"\]/gm), ([, page = ""]) => page);
  expect(named.length).toBeGreaterThan(20);
  const missing = named.filter((page) => !/^reference\//.test(page) && !existsSync(`docs/${page}.md`));
  expect(missing).toEqual([]);
});

it("has a page of the reference for every topic", () => {
  const files = texts();
  for (const { slug } of topics()) expect(files.has(`${slug}.md`), slug).toBe(true);
  expect(reference).toHaveLength(1);
});
