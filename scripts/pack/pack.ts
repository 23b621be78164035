/** @file The packages as they are published: built anew, then packed by the workspace's pnpm. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

const root = new URL("../../", import.meta.url).pathname;

/** What this needs of a package.json. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly packageManager: string;
}

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;

/** A package with the file that is published. */
export interface Packed {
  readonly name: string;
  readonly tarball: string;
}

/**
 * Runs a program to its end, and returns what it printed. What it complained of is in the error
 * when it fails.
 */
export function run(program: string, args: readonly string[], cwd: string = root): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status === 0) return stdout;
  // Minified sources have lines without end.
  const text = `${stdout}\n${stderr}`.split("\n").map((line) => line.slice(0, 300));
  throw new Error(
    `${program} ${args.join(" ")}: expected status 0, got ${status}.\n${text.join("\n").trim()}`,
  );
}

/** The pnpm that the workspace is pinned to. */
export const pnpm = (args: readonly string[], cwd: string = root): string =>
  run("npx", ["-y", manifestOf(root).packageManager, ...args], cwd);

/** The folders of the packages. */
export const packageFolders = (): string[] =>
  readdirSync(join(root, "packages"))
    .map((name) => join(root, "packages", name))
    .filter((folder) => existsSync(join(folder, "package.json")));

/**
 * Builds every package from nothing, for a file that is left over from a source that is gone would
 * be published too.
 */
function build(): void {
  for (const folder of packageFolders()) {
    rmSync(join(folder, "dist"), { recursive: true, force: true });
    // A package with an entry for Node alone has two projects.
    for (const file of readdirSync(folder).filter((name) => name.endsWith(".tsbuildinfo")))
      rmSync(join(folder, file));
  }
  run(process.execPath, ["node_modules/typescript/bin/tsc", "-b"]);
}

/** Writes the tarballs of all packages to a folder. */
export function packAll(folder: string): Packed[] {
  build();
  pnpm(["-r", "--filter", "./packages/*", "pack", "--pack-destination", folder]);
  return packageFolders().map((from) => {
    const { name, version } = manifestOf(from);
    return { name, tarball: join(folder, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`) };
  });
}
