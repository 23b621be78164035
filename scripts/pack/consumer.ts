/**
 * @file Makes a user's project in an empty folder, with the packed packages, and with tensorflow.js
 * and fast-check from this workspace.
 */
import { cpSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Packed, packageFolders, pnpm } from "./pack.ts";

const root = new URL("../../", import.meta.url).pathname;

/** A package that is installed in this workspace, so that nothing is downloaded. */
const installed = (folder: string): string => `link:${realpathSync(join(root, folder))}`;

/** What users bring. */
const peers = ["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-cpu", "fast-check"];

/** The other dependencies of our packages: their names, and their folders in this workspace. */
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

/** The dependencies of a project, with ours from their files and the others from this workspace. */
function rewritten(
  wanted: Readonly<Record<string, string>>,
  packed: readonly Packed[],
): Record<string, string> {
  const ours = new Map(packed.map(({ name, tarball }) => [name, `file:${tarball}`]));
  return Object.fromEntries(
    Object.keys(wanted).map((name) => [name, ours.get(name) ?? installed(`node_modules/${name}`)]),
  );
}

/** Copies the starter out of the repository, and installs what it asks for. */
export function copyStarter(folder: string, packed: readonly Packed[]): void {
  cpSync(join(root, "examples/starter"), folder, { recursive: true });
  const file = join(folder, "package.json");
  const manifest = JSON.parse(readFileSync(file, "utf8")) as Record<
    "dependencies" | "devDependencies",
    Record<string, string>
  >;
  const overrides = {
    ...Object.fromEntries(packed.map(({ name, tarball }) => [name, `file:${tarball}`])),
    ...Object.fromEntries(peers.map((name) => [name, installed(`node_modules/${name}`)])),
    ...thirdParty(),
  };
  writeFileSync(
    file,
    JSON.stringify({
      ...manifest,
      dependencies: rewritten(manifest.dependencies, packed),
      devDependencies: rewritten(manifest.devDependencies, packed),
      pnpm: { overrides },
    }),
  );
  pnpm(["install", "--offline", "--ignore-workspace"], folder);
}

/**
 * Makes the project. pnpm gives each package only what it declares, so a forgotten dependency is an
 * error.
 */
export function makeConsumer(folder: string, packed: readonly Packed[]): void {
  cpSync(new URL("consumer/", import.meta.url), join(folder, "src"), { recursive: true });
  const dependencies = {
    ...Object.fromEntries(packed.map(({ name, tarball }) => [name, `file:${tarball}`])),
    ...Object.fromEntries(peers.map((name) => [name, installed(`node_modules/${name}`)])),
  };
  const manifest = {
    name: "consumer",
    private: true,
    type: "module",
    dependencies,
    // Our packages depend on each other by version. These versions are not in a registry yet.
    pnpm: { overrides: { ...dependencies, ...thirdParty() } },
  };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  pnpm(["install", "--offline", "--ignore-workspace"], folder);
}
