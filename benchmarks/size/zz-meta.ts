import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { here } from "./build.ts";
import { watched } from "./budgets.ts";
for (const [name, { program }] of Object.entries(watched)) {
  const arg = process.argv[2];
  if (arg && !new RegExp(arg).test(name)) continue;
  const opt = { stdin: { contents: program, resolveDir: here }, bundle: true, minify: true, write: false, platform: "browser", format: "esm", mainFields: ["module", "main"], external: ["@tensorflow/*"], metafile: true, outfile: "/tmp/x.js" } as const;
  const r = await esbuild.build(opt);
  const text = r.outputFiles![0]!.text;
  const total = gzipSync(text, { level: 9 }).length;
  const bytes: [string, number][] = Object.entries(Object.values(r.metafile!.outputs)[0]!.inputs).map(([f, i]) => [f, i.bytesInOutput]);
  // gzip share: split by order; use whole text compress each part separately, by loading inputs minified alone is rough; weight text by kind
  const groups: Record<string, number> = {};
  for (const [f, b] of bytes) { const m = /packages\/([^/]+)\/dist\/(.*?)(\/[^/]*)?$/.exec(f); const k = m ? `${m[1]}/${m[3] ? m[2] : ""}` : f; groups[k] = (groups[k] ?? 0) + b; }
  console.log(`\n## ${name}: ${text.length} min, ${total} gzip`);
  for (const [k, b] of Object.entries(groups).sort((a, b) => b[1] - a[1]).slice(0, 45)) console.log(String(b).padStart(8), k);
  if (process.argv[3]) for (const [k, b] of bytes.sort((a, b) => b[1] - a[1]).slice(0, Number(process.argv[3]))) console.log(String(b).padStart(8), k.replace("packages/", ""));
}
