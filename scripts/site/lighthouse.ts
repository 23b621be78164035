/**
 * @file Lighthouse on five pages of the built site, as a desktop and as a telephone: `npm run
 * test:lighthouse` builds the site and runs this. Lighthouse brings 200 packages that nothing else
 * needs, so it is fetched at its first run (`NNXJS_LIGHTHOUSE` names an installed one instead).
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { chromiumPath } from "../browser/chromium.ts";
import { serve } from "./served.ts";

const VERSION = "13.5.0";
const LEAST = 95;
const categories = ["performance", "accessibility", "best-practices"] as const;
const presets = { desktop: ["--preset=desktop"], mobile: [] } as const;
const pages = [
  "index.html",
  "start.html",
  "train.html",
  "reference/layers-linear.html",
  "coming-from/flax.html",
];

interface Report {
  readonly categories: Readonly<Record<string, { readonly score: number | null }>>;
  readonly audits: Readonly<
    Record<string, { readonly title: string; readonly score: number | null; readonly displayValue?: string }>
  >;
}

const run = promisify(execFile);
const [program, ...first] =
  process.env.NNXJS_LIGHTHOUSE === undefined
    ? ["npx", "--yes", `lighthouse@${VERSION}`]
    : [process.env.NNXJS_LIGHTHOUSE];

async function reportOf(address: string, flags: readonly string[], file: string): Promise<Report> {
  const chromium = chromiumPath();
  if (chromium === undefined) throw new Error("lighthouse: expected a Chromium, got none. Install one.");
  await run(
    program as string,
    [
      ...first,
      address,
      "--quiet",
      "--output=json",
      `--output-path=${file}`,
      `--only-categories=${categories.join(",")}`,
      "--chrome-flags=--headless=new --no-sandbox --disable-dev-shm-usage",
      ...flags,
    ],
    { env: { ...process.env, CHROME_PATH: chromium }, maxBuffer: 2 ** 26 },
  );
  return JSON.parse(readFileSync(file, "utf8")) as Report;
}

const folder = process.env.NNXJS_LIGHTHOUSE_REPORTS ?? mkdtempSync(join(tmpdir(), "nnxjs-lighthouse-"));
const { server, home } = await serve();
let least = 100;
try {
  for (const [preset, flags] of Object.entries(presets))
    for (const page of pages) {
      const file = join(folder, `${preset}-${page.replace("/", "-")}.json`);
      const report = await reportOf(home + page, flags, file);
      const scores = categories.map((name) => Math.round((report.categories[name]?.score ?? 0) * 100));
      least = Math.min(least, ...scores);
      console.log(`${preset} ${page}: ${categories.map((name, i) => `${name} ${scores[i]}`).join(", ")}`);
      for (const { title, score, displayValue } of Object.values(report.audits))
        if (score !== null && score < 0.9) console.log(`  ${score} ${title} ${displayValue ?? ""}`);
    }
} finally {
  server.close();
  if (process.env.NNXJS_LIGHTHOUSE_REPORTS === undefined) rmSync(folder, { recursive: true });
}
if (least < LEAST) {
  console.error(`lighthouse: expected at least ${LEAST} everywhere, got ${least}.`);
  process.exitCode = 1;
}
