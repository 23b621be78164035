/** @file A program of the tests in one file: it starts ten times as quickly as its sources do. */
import { build } from "esbuild";

/** Bundles `test/programs/<name>.ts` for Node, or for a browser. */
export async function bundled(
  name: string,
  outfile: string,
  platform: "node" | "browser" = "node",
): Promise<string> {
  await build({
    entryPoints: [new URL(`programs/${name}.ts`, import.meta.url).pathname],
    outfile,
    bundle: true,
    platform,
    format: platform === "node" ? "cjs" : "esm",
    conditions: ["@nnxjs/source"],
    mainFields: ["module", "main"],
    logLevel: "error",
  });
  return outfile;
}
