/** @file Bundlers that users have, with their production settings. */
import { readFileSync } from "node:fs";
import { dirname, basename } from "node:path";
import * as esbuild from "esbuild";
import { build as viteBuild } from "vite";
import { webpack } from "webpack";

/** The entry and the output of a bundle, and the packages that it does not include. */
export interface Bundle {
  readonly folder: string;
  readonly entry: string;
  readonly outfile: string;
  readonly external?: readonly string[];
}

// The backends declare side effects only for the files of bundlers, not for those of Node.
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

/** All at once: it reads what they share once. */
async function withWebpack(bundles: readonly Bundle[]): Promise<void> {
  const [{ folder, outfile, external = [] }] = bundles as [Bundle];
  const nameOf = (bundle: Bundle): string => basename(bundle.outfile, ".cjs");
  const compiler = webpack({
    mode: "production",
    context: folder,
    entry: Object.fromEntries(bundles.map((bundle) => [nameOf(bundle), `./${bundle.entry}`])),
    output: { path: dirname(outfile), filename: "[name].cjs" },
    target: "node20",
    resolve: { mainFields },
    externalsType: "commonjs",
    externals: external.map((name) => new RegExp(`^${name}/`)),
    // The bundler drops unused code before it minifies. Minifying would take longer than everything
    // else together.
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

async function withVite({ folder, entry, outfile, external = [] }: Bundle): Promise<void> {
  await viteBuild({
    root: folder,
    configFile: false,
    logLevel: "error",
    resolve: { mainFields },
    // As for a server, with everything in one file: Node runs it.
    ssr: { noExternal: true, target: "node" },
    build: {
      ssr: entry,
      outDir: dirname(outfile),
      emptyOutDir: false,
      minify: true,
      rolldownOptions: {
        external: external.map((name) => new RegExp(`^${name}/`)),
        output: { format: "cjs", entryFileNames: basename(outfile), codeSplitting: false },
      },
    },
  });
}

const oneByOne =
  (make: (bundle: Bundle) => Promise<void>) =>
  async (bundles: readonly Bundle[]): Promise<void> => {
    await Promise.all(bundles.map(make));
  };

/** Each makes bundles, of one folder and with the same packages left out. */
export const bundlers: Readonly<
  Record<"esbuild" | "vite" | "webpack", (bundles: readonly Bundle[]) => Promise<void>>
> = {
  esbuild: oneByOne(withEsbuild),
  vite: oneByOne(withVite),
  webpack: withWebpack,
};

/** A bundle's text. */
export const textOf = ({ outfile }: Bundle): string => readFileSync(outfile, "utf8");
