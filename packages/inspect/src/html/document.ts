/** @file The file of a report. */
import { encode } from "../format/codec.ts";
import { withDeltas } from "../format/deltas.ts";
import { pack } from "../format/text.ts";
import type { ReportData } from "../format/report-data.ts";
import { script } from "./page.generated.ts";

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

/** Nothing may be loaded: what the page needs is in it. */
const POLICY =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:";

export async function documentOf(data: ReportData): Promise<string> {
  const packed = await pack(encode(withDeltas(data)));
  return [
    "<!doctype html>",
    '<html lang="en">',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escaped(data.title)}</title>`,
    '<body style="margin:0"><div id="report"></div>',
    "<noscript>This report needs JavaScript. Everything is in this file.</noscript>",
    `<script type="application/octet-stream" id="data">${packed}</script>`,
    `<script>${script}</script>`,
    "</body></html>",
    "",
  ].join("\n");
}
