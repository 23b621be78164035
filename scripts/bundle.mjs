// Bundles each package for programs that are not bundled themselves: node scripts/bundle.mjs [NAMES...]
// Node reads a few files then, instead of some three hundred. Bundlers take the single files, from
// which they can leave out what is not used: they know the condition "module".
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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

const names = process.argv.length > 2 ? process.argv.slice(2) : readdirSync(root);
for (const name of names) {
  const folder = join(root, name);
  const outdir = join(folder, "dist/bundle");
  rmSync(outdir, { recursive: true, force: true });
  await build({
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
    // Errors tell the names of functions and classes.
    keepNames: true,
    sourcemap: true,
    sourcesContent: false,
    logLevel: "warning",
  });
  writeFileSync(join(folder, "dist/require.cjs"), refusalOf(`@nnxjs/${name}`));
}
