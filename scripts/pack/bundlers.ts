/** @file The bundlers that users have, with their settings for production. */
import { readFileSync } from "node:fs";
import { dirname, basename } from "node:path";
import * as esbuild from "esbuild";
import { webpack } from "webpack";

/** What goes in, what comes out, and which packages stay outside. */
export interface Bundle {
  readonly folder: string;
  readonly entry: string;
  readonly outfile: string;
  readonly external?: readonly string[];
}

// The backends say that only the files which bundlers take have side effects, not the ones that
// Node takes.
const mainFields = ["module", "main"];

async function withEsbuild({ folder, entry, outfile, external = [] }: Bundle): Promise<void> {
  await esbuild.build({
    absWorkingDir: folder,
    entryPoints: [entry],
    outfile,
    bundle: true,
    minify: true,
    platform: "node",
    format: "cjs",
    mainFields,
    external: external.map((name) => `${name}/*`),
    logLevel: "error",
  });
}

async function withWebpack({ folder, entry, outfile, external = [] }: Bundle): Promise<void> {
  const compiler = webpack({
    mode: "production",
    context: folder,
    entry: `./${entry}`,
    output: { path: dirname(outfile), filename: basename(outfile) },
    target: "node20",
    resolve: { mainFields },
    externalsType: "commonjs",
    externals: external.map((name) => new RegExp(`^${name}/`)),
    // What is left out is decided before; minifying would take longer than everything else
    // together.
    optimization: { minimize: false },
    performance: false,
  });
  await new Promise<void>((resolve, reject) => {
    compiler.run((error, stats) => {
      if (error) reject(error);
      else if (stats?.hasErrors()) reject(new Error(stats.toString("errors-only")));
      else compiler.close(() => resolve());
    });
  });
}

export const bundlers: Readonly<Record<"esbuild" | "webpack", (bundle: Bundle) => Promise<void>>> = {
  esbuild: withEsbuild,
  webpack: withWebpack,
};

/** A bundle's text. */
export const textOf = ({ outfile }: Bundle): string => readFileSync(outfile, "utf8");
