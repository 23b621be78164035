// Makes the next version: gives all packages its number, and turns the texts of the changesets into
// its section of CHANGELOG.md.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { withVersion } from "./changelog.mjs";

/**
 * The text of a changeset as a list item. The header of the changeset, which names packages, is
 * dropped.
 */
function itemOf(file) {
  const text = readFileSync(`.changeset/${file}`, "utf8").split(/^---$/m).slice(2).join("---").trim();
  return text.startsWith("- ") ? text : `- ${text.replaceAll(/\n(?=.)/g, "\n  ")}`;
}

const items = readdirSync(".changeset")
  .filter((file) => file.endsWith(".md"))
  .sort()
  .map(itemOf);
if (items.length === 0)
  throw new Error("bump: expected a changeset, got none. Write one with `npm run changeset`.");

const versionNow = () => JSON.parse(readFileSync("packages/nnx/package.json", "utf8")).version;
const before = versionNow();
execFileSync(process.execPath, ["node_modules/@changesets/cli/bin.js", "version"], { stdio: "inherit" });
const version = versionNow();
// What says the version in other words than package.json; version.test.ts of the package holds them together.
for (const file of ["src/write/written-by.ts", "python/pyproject.toml"].map(
  (name) => `packages/checkpoint/${name}`,
))
  writeFileSync(file, readFileSync(file, "utf8").replace(`"${before}"`, `"${version}"`));
// The starter is copied out of the repository, so that it names the version that is published with it.
const starter = "examples/starter/package.json";
writeFileSync(
  starter,
  readFileSync(starter, "utf8").replaceAll(/("@nnxjs\/[\w-]+": )"\^[^"]+"/g, `$1"^${version}"`),
);
writeFileSync("CHANGELOG.md", withVersion(readFileSync("CHANGELOG.md", "utf8"), version, items));
