// Bundles each package for programs that are not bundled themselves: node scripts/bundle.mjs
// Node reads a few files then, instead of some three hundred. Bundlers take the single files, from
// which they can leave out what is not used: they know the condition "module".
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";

const root = new URL("../packages/", import.meta.url).pathname;

/** The sources of the bundles in a package's exports, by the names of the bundles. */
function entriesOf(folder) {
  const { exports, publishConfig } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return Object.entries(publishConfig.exports).map(([name, { default: file }]) => {
    const out = /^\.\/dist\/bundle\/(.*)\.js$/.exec(file)?.[1];
    if (out) return { in: join(folder, exports[name]["@nnxjs/source"]), out };
    throw new Error(`bundle: expected ${folder} to export a file of dist/bundle as ${name}, got ${file}.`);
  });
}

/**
 * The text of a bundle whose exports have their own names, which errors and definitions tell:
 * esbuild renames what collides. It could keep all names, but then each function that is made
 * inside of another costs a call at run time.
 */
function withNames(text) {
  const names = [];
  for (const [, list] of text.matchAll(/^export \{([^}]*)\}/gm))
    for (const [, name, exported] of list.matchAll(/(\S+) as ([^\s,]+)/g)) {
      const isRenamed = name.startsWith(exported) && /^\d+$/.test(name.slice(exported.length));
      if (isRenamed && new RegExp(`^(async )?(function\\*?|class|var|const) ${name}\\b`, "m").test(text))
        names.push(
          `if (typeof ${name} == "function") Object.defineProperty(${name}, "name", { value: "${exported}" });\n`,
        );
    }
  const map = text.lastIndexOf("//# sourceMappingURL");
  return text.slice(0, map) + names.join("") + text.slice(map);
}

for (const name of readdirSync(root)) {
  const folder = join(root, name);
  const outdir = join(folder, "dist/bundle");
  rmSync(outdir, { recursive: true, force: true });
  const { outputFiles } = await build({
    write: false,
    absWorkingDir: folder,
    entryPoints: entriesOf(folder),
    outdir,
    bundle: true,
    // What two entries share is in a file of its own, so that there is one copy of each class.
    splitting: true,
    chunkNames: "shared-[hash]",
    format: "esm",
    target: "es2022",
    platform: "node",
    packages: "external",
    // These files have all kernels: the packages' word that imports do nothing is for bundlers of users.
    ignoreAnnotations: true,
    sourcemap: true,
    sourcesContent: false,
    logLevel: "warning",
  });
  for (const { path, text, contents } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, path.endsWith(".js") ? withNames(text) : contents);
  }
}
