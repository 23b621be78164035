/** @file Builds the packages, and bundles programs that use them as they are published. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

/** The folder of the benchmarks. */
export const here: string = fileURLToPath(new URL("..", import.meta.url));

let built = false;

/** Writes each package's `dist`, once. */
export function build(): void {
  if (built) return;
  const root = fileURLToPath(new URL("../..", import.meta.url));
  for (const args of [["node_modules/typescript/bin/tsc", "-b"], ["scripts/bundle.mjs"]])
    execFileSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  built = true;
}

/** Whom a bundle is for, and the packages that it does not include. */
export interface Target {
  readonly platform: "browser" | "node";
  readonly external: readonly string[];
  /** @defaultValue none */
  readonly plugins?: readonly esbuild.Plugin[];
}

/** A program and all that it imports, minified. */
export async function bundle(program: string, { platform, external, plugins = [] }: Target): Promise<string> {
  const { outputFiles } = await esbuild.build({
    stdin: { contents: program, resolveDir: here },
    bundle: true,
    minify: true,
    write: false,
    platform,
    format: platform === "node" ? "cjs" : "esm",
    mainFields: ["module", "main"],
    external: [...external],
    plugins: [...plugins],
    logLevel: "error",
  });
  return outputFiles[0]!.text;
}
