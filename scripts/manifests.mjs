// Fills in what the package.json of every package says in the same words: who made it, where it
// lives, what is published. With --check it writes nothing, and fails where a file would change.
// The address of the repository stands in one place, the package.json of the root.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const read = (file) => JSON.parse(readFileSync(file, "utf8"));
const common = read(join(root, "package.json"));

/** The forms in which an entry is published. The first that a program knows is taken. */
function published(source, bundle) {
  const compiled = source.replace("./src/", "./dist/").replace(/\.ts$/, "");
  return {
    types: `${compiled}.d.ts`,
    // Bundlers take single files, from which they leave out what is not used.
    module: `${compiled}.js`,
    // Node from 20.19 on, whether by `import` or by `require`.
    "module-sync": bundle,
    import: bundle,
    // Everything else that requires: Node before 20.19, Jest. The file says what to do.
    require: "./dist/require.cjs",
    default: bundle,
  };
}

const isEntry = ([, forms]) => typeof forms !== "string";

/** The package.json of a package, complete. */
export function completed(manifest, folder) {
  const entries = Object.entries(manifest.exports).filter(isEntry);
  const shown = entries.map(([name, forms]) => [
    name,
    published(forms["@nnxjs/source"], forms["@nnxjs/bundle"]),
  ]);
  const own = manifest.keywords ?? [];
  const {
    name,
    version,
    description,
    keywords: _keywords,
    homepage: _homepage,
    bugs: _bugs,
    license,
    author: _author,
    repository: _repository,
    type,
    sideEffects,
    files,
    exports: _exports,
    publishConfig: _publishConfig,
    scripts,
    ...rest
  } = manifest;
  return {
    name,
    version,
    description,
    keywords: [...new Set([...common.keywords, ...own])],
    homepage: `${common.homepage.replace(/#.*/, "")}/tree/main/packages/${folder}#readme`,
    bugs: common.bugs,
    license,
    author: common.author,
    repository: { ...common.repository, directory: `packages/${folder}` },
    type,
    sideEffects,
    files: [...new Set([...files, "!src/**/__snapshots__", "NOTICE"])],
    exports: { ...Object.fromEntries(entries), "./package.json": "./package.json" },
    publishConfig: {
      access: "public",
      provenance: true,
      exports: { ...Object.fromEntries(shown), "./package.json": "./package.json" },
    },
    scripts: { ...scripts, prepack: "node ../../scripts/prepack.mjs" },
    ...rest,
  };
}

const check = process.argv.includes("--check");
for (const folder of readdirSync(join(root, "packages"))) {
  const file = join(root, "packages", folder, "package.json");
  const text = readFileSync(file, "utf8");
  const wanted = `${JSON.stringify(completed(JSON.parse(text), folder), null, 2)}\n`;
  if (text === wanted) continue;
  if (check) {
    console.error(`packages/${folder}/package.json differs. Run \`node scripts/manifests.mjs\`.`);
    process.exitCode = 1;
  } else writeFileSync(file, wanted);
}
