// Bundles the script of report pages: node scripts/inspect-page.mjs writes page.generated.ts of
// packages/inspect. A test compares it with the sources.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const root = new URL("../packages/inspect/", import.meta.url).pathname;

/** The text of page.generated.ts. */
export async function pageModule() {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [join(root, "src/view/page.ts")],
    bundle: true,
    write: false,
    minify: true,
    format: "iife",
    platform: "browser",
    target: "es2022",
    mainFields: ["module", "main"],
    conditions: ["@nnxjs/source"],
    legalComments: "inline",
    logLevel: "warning",
  });
  // The script stands in an element <script>, which the text </script would end.
  const text = outputFiles[0].text.replaceAll("</script", "<\\/script").trim();
  return `// Written by scripts/inspect-page.mjs: the script of report pages, from src/view/page.ts.\nexport const script: string = ${JSON.stringify(text)};\n`;
}

export const file = join(root, "src/html/page.generated.ts");

if (process.argv[1] === new URL(import.meta.url).pathname) writeFileSync(file, await pageModule());
