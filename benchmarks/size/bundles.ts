/** @file The sizes of programs, bundled by esbuild for browsers, without tensorflow.js. */
import { gzipSync } from "node:zlib";
import { markdown } from "../report/table.ts";
import { watched } from "./budgets.ts";
import { build, bundle } from "./build.ts";

const OTHERS: Readonly<Record<string, string>> = {
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
  const programs = {
    ...Object.fromEntries(Object.entries(watched).map(([name, { program }]) => [name, program])),
    ...OTHERS,
  };
  for (const [name, program] of Object.entries(programs)) {
    const text = await bundle(program, { platform: "browser", external: ["@tensorflow/*"] });
    sizes[name] = { minified: Buffer.byteLength(text), gzip: gzipSync(text, { level: 9 }).length };
  }
  const rows = Object.entries(sizes).map(([name, { minified, gzip }]) => [
    name,
    kilobytes(minified),
    kilobytes(gzip),
    watched[name] ? kilobytes(watched[name].most) : "",
  ]);
  console.log(
    `\nBundles without tensorflow.js\n\n${markdown(["program", "kB", "kB, gzip", "at most"], rows)}`,
  );
  return sizes;
}
