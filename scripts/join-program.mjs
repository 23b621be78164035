// Joins a TypeScript program on the sources of the workspace to one file, which starts sooner than
// 400 files that are compiled one by one.
import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build, stop } from "esbuild";

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

/** @returns the text of a module, which may lie anywhere. */
export async function joinProgram(file) {
  const { outputFiles } = await build({
    entryPoints: [resolve(file)],
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
  return outputFiles[0].text;
}
