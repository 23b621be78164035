// Joins a TypeScript program on the sources of the workspace to one file, which starts sooner than
// 400 files that are compiled one by one.
import { existsSync, readFileSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build, stop } from "esbuild";

/** Whether Node takes a file as CommonJS. */
function isCommonJs(path) {
  if (!path.endsWith(".js")) return path.endsWith(".cjs");
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    const about = resolve(folder, "package.json");
    if (existsSync(about)) return JSON.parse(readFileSync(about, "utf8")).type !== "module";
  }
  return true;
}

/**
 * Packages from outside stay as they are: some find their files by where they are. Those in
 * CommonJS are required: where they are imported, Node reads all of their text for names first.
 */
const external = {
  name: "external",
  setup(step) {
    step.onResolve({ filter: /^[^./]/ }, async ({ path, kind, pluginData, ...from }) => {
      if (pluginData === external || path.startsWith("@nnxjs/") || isBuiltin(path)) return undefined;
      const found = await step.resolve(path, { ...from, kind, pluginData: external });
      if (found.errors.length > 0) return found;
      if (kind === "import-statement" && isCommonJs(found.path))
        return { path: found.path, namespace: "required" };
      return { path: pathToFileURL(found.path).href, external: true };
    });
    step.onLoad({ filter: /./, namespace: "required" }, ({ path }) => {
      const contents = `const $all = $createRequire(${JSON.stringify(path)})(${JSON.stringify(path)});`;
      // Others may never be needed.
      if (!path.includes("/@tensorflow/"))
        return { contents: `${contents}\nmodule.exports = $all;`, loader: "js" };
      const names = Object.keys(createRequire(path)(path)).filter((name) => /^(?!default$)\w+$/.test(name));
      return {
        // Names of exports may be words that no variable can have.
        contents: `${contents}
const { ${names.map((name, i) => `${name}: $${i}`).join(", ")} } = $all;
export { $all as default, ${names.map((name, i) => `$${i} as ${name}`).join(", ")} };`,
        loader: "js",
      };
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

/** @returns the text of a module, which may lie anywhere, its source map, and the files that it was made of. */
export async function joinProgram(file) {
  const { outputFiles, metafile } = await build({
    entryPoints: [resolve(file)],
    outdir: "/",
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node20",
    conditions: ["@nnxjs/source"],
    // Some files only register kernels.
    ignoreAnnotations: true,
    sourcemap: "external",
    sourcesContent: false,
    metafile: true,
    banner: { js: 'import { createRequire as $createRequire } from "node:module";' },
    plugins: [external, places],
  });
  await stop();
  const [map, code] = outputFiles.map(({ text }) => text);
  const files = Object.keys(metafile.inputs).filter((path) => !path.includes(":"));
  return { code, map, files: files.map((path) => resolve(path)) };
}
