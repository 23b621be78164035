// Bundles each package for programs that are not bundled themselves: node scripts/bundle.mjs [NAMES...]
// Node reads a few files then, instead of some three hundred. Bundlers take the single files, from
// which they can leave out what is not used: they know the condition "module".
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";

const root = new URL("../packages/", import.meta.url).pathname;

/** The sources of the bundles in a package's exports, by the names of the bundles. */
function entriesOf(folder) {
  const { exports, publishConfig } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const entries = Object.entries(publishConfig.exports).filter(([, forms]) => typeof forms !== "string");
  return entries.map(([name, { default: file }]) => {
    const out = /^\.\/dist\/bundle\/(.*)\.js$/.exec(file)?.[1];
    if (out) return { in: join(folder, exports[name]["@nnxjs/source"]), out };
    throw new Error(`bundle: expected ${folder} to export a file of dist/bundle as ${name}, got ${file}.`);
  });
}

/**
 * What programs get that require a package and whose engine cannot: Node before 20.19, and Jest.
 * The engine's own message names a token in a file that its user never saw.
 */
const refusalOf = (name) => {
  const message =
    `${name}: expected an import, got a require. This package is an ES module. Write \`import\` in an ES module, or ` +
    `\`await import("${name}")\` in CommonJS, or run Node 20.19 or newer, which can require it. In Jest, make the test ` +
    "an ES module and run `node --experimental-vm-modules node_modules/jest/bin/jest.js`.";
  return `"use strict";\nthrow new Error(${JSON.stringify(message)});\n`;
};

/**
 * The text of a bundle whose exports have their own names, which errors and definitions tell:
 * esbuild renames what collides. It could keep all names, but then each function that is made
 * inside of another costs a call at run time.
 */
function withNames(text) {
  const lists = [...text.matchAll(/^export \{([^}]*)\}/gm)];
  const shown = [
    ...lists.flatMap(([, list]) => [...list.matchAll(/(\S+) as ([^\s,]+)/g)]),
    // What `export * as name` has.
    ...[...text.matchAll(/^ {2}(\w+): \(\) => (\w+),?$/gm)].map(([all, exported, name]) => [
      all,
      name,
      exported,
    ]),
  ];
  const names = new Set();
  for (const [, name, exported] of shown) {
    const isRenamed = name.startsWith(exported) && /^\d+$/.test(name.slice(exported.length));
    if (isRenamed && new RegExp(`^(async )?(function\\*?|class|var|const) ${name}\\b`, "m").test(text))
      names.add(
        `if (typeof ${name} == "function") Object.defineProperty(${name}, "name", { value: "${exported}" });\n`,
      );
  }
  // A class whose body names itself: `var Stream = class _Stream {`.
  for (const [, name, shown] of text.matchAll(/^var (\w+) = class _(\w+)/gm))
    names.add(`Object.defineProperty(${name}, "name", { value: "${shown}" });\n`);
  const map = text.lastIndexOf("//# sourceMappingURL");
  return text.slice(0, map) + [...names].join("") + text.slice(map);
}

const names = process.argv.length > 2 ? process.argv.slice(2) : readdirSync(root);
for (const name of names) {
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
  writeFileSync(join(folder, "dist/require.cjs"), refusalOf(`@nnxjs/${name}`));
}
