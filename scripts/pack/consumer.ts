/**
 * @file A user's project in an empty folder: it has the packed packages, and tensorflow.js from
 * this workspace.
 */
import { cpSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Packed, packageFolders, pnpm } from "./pack.ts";

const root = new URL("../../", import.meta.url).pathname;

/** A package that is installed in this workspace already, so that nothing is fetched. */
const installed = (folder: string): string => `link:${realpathSync(join(root, folder))}`;

const tensorflow = ["tfjs-core", "tfjs-backend-cpu"].map((name) => `@tensorflow/${name}`);

/** What our packages depend on beside each other: their names and where this workspace has them. */
function thirdParty(): Record<string, string> {
  const found: Record<string, string> = {};
  for (const folder of packageFolders()) {
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      dependencies?: Record<string, string>;
    };
    for (const [name, version] of Object.entries(dependencies))
      if (!version.startsWith("workspace:"))
        found[name] = `link:${realpathSync(join(folder, "node_modules", name))}`;
  }
  return found;
}

/**
 * Makes the project. pnpm gives each package what it declares and no more, so that a forgotten
 * dependency is an error.
 */
export function makeConsumer(folder: string, packed: readonly Packed[]): void {
  cpSync(new URL("consumer/", import.meta.url), join(folder, "src"), { recursive: true });
  const dependencies = {
    ...Object.fromEntries(packed.map(({ name, tarball }) => [name, `file:${tarball}`])),
    ...Object.fromEntries(tensorflow.map((name) => [name, installed(`node_modules/${name}`)])),
  };
  const manifest = {
    name: "consumer",
    private: true,
    type: "module",
    dependencies,
    // Our packages ask for each other by version; these versions are in no registry yet.
    pnpm: { overrides: { ...dependencies, ...thirdParty() } },
  };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  pnpm(["install", "--offline", "--ignore-workspace"], folder);
}
