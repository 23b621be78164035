// Runs a TypeScript file on the sources of the workspace, joined to one file first:
// node scripts/run-bundled.mjs FILE [ARGS...]
// This starts sooner than scripts/run.mjs, which compiles each of some 400 files by itself. Use
// that one for files that start workers or other files.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build, stop } from "esbuild";

const [, , file, ...args] = process.argv;
const entry = resolve(file);

/** Packages from outside stay as they are: some find their files by where they are. */
const external = {
  name: "external",
  setup(step) {
    step.onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === external || path.startsWith("@nnxjs/") || isBuiltin(path)) return undefined;
      const found = await step.resolve(path, { ...from, pluginData: external });
      return found.errors.length > 0 ? found : { path: pathToFileURL(found.path).href, external: true };
    });
  },
};

/** Files find others by where they are. */
const places = {
  name: "places",
  setup(step) {
    step.onLoad({ filter: /\/(examples|benchmarks|scripts)\/.*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replaceAll(
        "import.meta.url",
        JSON.stringify(pathToFileURL(path).href),
      ),
      loader: "ts",
    }));
  },
};

const { outputFiles } = await build({
  entryPoints: [entry],
  bundle: true,
  write: false,
  format: "esm",
  platform: "node",
  target: "node20",
  conditions: ["@nnxjs/source"],
  // Some files only register kernels.
  ignoreAnnotations: true,
  sourcemap: "inline",
  sourcesContent: false,
  plugins: [external, places],
});
await stop();
const folder = new URL("../node_modules/.cache/run/", import.meta.url);
const joined = new URL(`${process.pid}.mjs`, folder);
mkdirSync(folder, { recursive: true });
writeFileSync(joined, outputFiles[0].contents);
process.argv = [process.argv[0], entry, ...args];
process.setSourceMapsEnabled(true);
try {
  await import(joined.href);
} finally {
  rmSync(joined, { force: true });
}
