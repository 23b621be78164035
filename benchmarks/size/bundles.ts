/** @file The sizes of programs, bundled by esbuild for browsers, without tensorflow.js. */
import { gzipSync } from "node:zlib";
import { markdown } from "../report/table.ts";
import { build, bundle } from "./build.ts";

const TRAINER = `
import * as nnx from "@nnxjs/nnx";
export { Linear, Module, Rngs, relu, valueAndGrad, Optimizer, adam } from "@nnxjs/nnx";
export const loss = nnx.softmaxCrossEntropyWithIntegerLabels;
`;
const PROGRAMS: Readonly<Record<string, string>> = {
  everything: 'export * from "@nnxjs/nnx";',
  "a trainer: Linear, Module, Rngs, relu, valueAndGrad, Optimizer, adam, a loss": TRAINER,
  "core and Linear: Linear, Module, Rngs, grad, split, merge":
    'export { Linear, Module, Rngs, grad, split, merge } from "@nnxjs/nnx";',
  "Linear and Rngs": 'export { Linear, Rngs } from "@nnxjs/nnx";',
  keys: 'export * from "@nnxjs/rnglib/keys";',
  "jax-js, everything": 'export * from "@jax-js/jax";',
};

/** Bytes of each bundle, minified, and compressed by gzip. */
export interface Size {
  readonly minified: number;
  readonly gzip: number;
}

const kilobytes = (bytes: number): string => (bytes / 1000).toFixed(1);

/** The sizes by program. */
export async function bundles(): Promise<Record<string, Size>> {
  build();
  const sizes: Record<string, Size> = {};
  for (const [name, program] of Object.entries(PROGRAMS)) {
    const text = await bundle(program, { platform: "browser", external: ["@tensorflow/*"] });
    sizes[name] = { minified: Buffer.byteLength(text), gzip: gzipSync(text, { level: 9 }).length };
  }
  const rows = Object.entries(sizes).map(([name, { minified, gzip }]) => [
    name,
    kilobytes(minified),
    kilobytes(gzip),
  ]);
  console.log(`\nBundles without tensorflow.js\n\n${markdown(["program", "kB", "kB, gzip"], rows)}`);
  return sizes;
}
