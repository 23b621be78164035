/** @file Builds the packages, and packs them for publication with the workspace's pnpm. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = new URL("../../", import.meta.url).pathname;

/** The fields of package.json that this file reads. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly packageManager: string;
}

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;

/** A package, with the file to publish. */
export interface Packed {
  readonly name: string;
  readonly tarball: string;
}

/**
 * Runs a program to its end and returns its output. If it fails, the error contains its error
 * output.
 */
export function run(program: string, args: readonly string[], cwd: string = root): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status === 0) return stdout;
  // Minified sources have very long lines.
  const text = `${stdout}\n${stderr}`.split("\n").map((line) => line.slice(0, 300));
  throw new Error(
    `${program} ${args.join(" ")}: expected status 0, got ${status}.\n${text.join("\n").trim()}`,
  );
}

let pnpmFile: string | undefined;

/** Runs the pnpm that the workspace pins. npx takes longer to find it than it runs: it is asked once. */
export function pnpm(args: readonly string[], cwd: string = root): string {
  const find = 'console.log(require("fs").realpathSync(process.argv[1]))';
  pnpmFile ??= run("npx", [
    "-y",
    "-p",
    manifestOf(root).packageManager,
    "sh",
    "-c",
    `node -e '${find}' "$(command -v pnpm)"`,
  ]).trim();
  return run(process.execPath, [pnpmFile, ...args], cwd);
}

/** The folders of the packages. */
export const packageFolders = (): string[] =>
  readdirSync(join(root, "packages"))
    .map((name) => join(root, "packages", name))
    .filter((folder) => existsSync(join(folder, "package.json")));

/**
 * Writes the tarballs of all packages to a folder. Each is compiled and bundled as it is for
 * publication (`prepack`), which removes what sources are gone of; all are compiled before, so that
 * they do not wait for each other.
 */
export function packAll(folder: string): Packed[] {
  run(process.execPath, ["node_modules/typescript/bin/tsc", "-b"]);
  pnpm(["-r", "--filter", "./packages/*", "pack", "--pack-destination", folder]);
  return packageFolders().map((from) => {
    const { name, version } = manifestOf(from);
    return { name, tarball: join(folder, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`) };
  });
}
