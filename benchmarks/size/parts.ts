/**
 * @file What a small program's bundle is made of, and what would be left of it without what one could
 * think of leaving out:
 *
 *     node scripts/run.mjs benchmarks/size/parts.ts
 *
 * Files that are left out are replaced by empty values of the same names. Such a bundle does not run:
 * its size alone is asked for.
 */
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { markdown } from "../report/table.ts";
import { watched } from "./budgets.ts";
import { build, bundle } from "./build.ts";

const RULES = [
  "activations",
  "elementwise-binary",
  "elementwise-unary",
  "gather",
  "matmul",
  "reduce",
  "shape",
  "softmax",
];
const SAMPLERS = ["index", "kernel", "normal", "uniform"];
const INITIALIZERS = ["index", "constant", "fans", "variance-scaling"];
const all = (folder: string, except: readonly string[]): string =>
  `packages/${folder}/(?!(${except.join("|")})[.]js$)`;

/** What each row leaves out, beside what the rows above leave out. */
const STAGES: readonly (readonly [string, RegExp])[] = [
  ["as it is", /^$/],
  ["without WebAssembly modules", /[.]generated[.]js$/],
  ["without any kernel of ours", /packages\/kernels\/dist\//],
  [
    "without samplers but uniform and normal",
    new RegExp(`${all("rnglib/dist/random", SAMPLERS)}|${all("rnglib/dist/initializers", INITIALIZERS)}`),
  ],
  [
    "without rules of gradients but those of dense layers",
    new RegExp(all("gradients/dist", ["index", "internal", "install", "all-rules", "rule", ...RULES])),
  ],
];

/** A module with the names that a built file exports, each an empty list. */
async function emptied(path: string): Promise<string> {
  const { metafile } = await esbuild.build({
    entryPoints: [path],
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    packages: "external",
    logLevel: "error",
  });
  return Object.values(metafile.outputs)
    .flatMap(({ exports }) => exports)
    .map((name) => `export const ${name} = [];`)
    .join("\n");
}

/** Leaves the files of these paths out of a bundle. */
const without = (left: readonly RegExp[]): esbuild.Plugin => ({
  name: "leave out",
  setup(bundler) {
    bundler.onLoad({ filter: /dist\/.*[.]js$/ }, async ({ path }) =>
      left.some((each) => each.test(path)) ? { contents: await emptied(path) } : null,
    );
  },
});

build();
const small = Object.entries(watched).filter(([name]) => /^(a trainer|core)/.test(name));
const rows = [];
for (const [i, [name]] of STAGES.entries()) {
  const plugins = [without(STAGES.slice(1, i + 1).map(([, pattern]) => pattern))];
  const target = { platform: "browser", external: ["@tensorflow/*"], plugins } as const;
  const bundles = await Promise.all(small.map(([, { program }]) => bundle(program, target)));
  rows.push([name, ...bundles.map((text) => (gzipSync(text, { level: 9 }).length / 1000).toFixed(1))]);
}
console.log(
  `\nkB, minified, by gzip, without tensorflow.js\n\n${markdown(["", "a trainer", "core and Linear"], rows)}`,
);
