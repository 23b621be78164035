/** @file Checks that everything the documentation refers to exists. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";

const inFolder = (folder: string): string[] =>
  readdirSync(folder)
    .map((name) => `${folder}/${name}`)
    .filter((file) => file.endsWith(".md"));

const packages = readdirSync("packages");
const pages = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "SUPPORT.md",
  ...inFolder("docs"),
  ...packages.flatMap((name) => inFolder(`packages/${name}`)),
];

/** The anchors that GitHub makes of headings. */
const anchorsOf = (text: string): string[] =>
  Array.from(text.matchAll(/^#+ (.*)$/gm), ([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

/** Where pages of packages point to: npm shows them, and knows no other files of the repository. */
const home = `${(JSON.parse(readFileSync("package.json", "utf8")) as { homepage: string }).homepage.replace(/#.*/, "")}/blob/main/`;

/** Everything in this repository that a page refers to and that does not exist. */
function missingOn(page: string): string[] {
  const text = readFileSync(page, "utf8");
  const missing: string[] = [];
  for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    const isOurs = target.startsWith(home);
    if (!isOurs && /^[a-z]+:/.test(target)) continue;
    if (page.startsWith("packages/") && !isOurs && !target.startsWith("#"))
      missing.push(`${target} on a page that npm shows. Write ${home}…`);
    const [path, anchor] = target.replace(home, "").split("#") as [string, string?];
    const file = path === "" ? page : isOurs ? path : join(dirname(page), path);
    const isThere =
      existsSync(file) && (anchor === undefined || anchorsOf(readFileSync(file, "utf8")).includes(anchor));
    if (!isThere) missing.push(target);
  }
  for (const [name, own = ""] of text.matchAll(/@nnxjs\/([\w-]+)/g))
    if (!packages.includes(own)) missing.push(name);
  // Only files with a path from the root or from packages/ are checked. Other paths are relative to
  // the subject of the page.
  for (const [, path = ""] of text.matchAll(/[` ]((?:\w[\w.-]*\/)+[\w.-]+\.(?:ts|mjs|py|json|md))\b/g))
    for (const root of ["", "packages/"])
      if (existsSync(root + path.split("/")[0]) && !existsSync(root + path)) missing.push(path);
  return missing;
}

it.each(pages)("%s refers to packages, files and headings that exist", (page) => {
  expect(missingOn(page)).toEqual([]);
});
