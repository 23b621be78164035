/**
 * @file Runs tests in Chromium: `npm run test:browser`. Where there is no Chromium, says so and succeeds.
 * - `npm run test:browser -- --write` writes the table of docs/backends.md.
 * - `npm run test:browser -- --part` runs a part of it, in one go.
 * - `npm run test:browser <file…>` runs these files.
 * - `--area <beginning of its name>` runs only that row of the table; others keep their numbers.
 * - `--count <file>` writes how many tests passed and failed.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { areas, part } from "./areas.ts";
import { chromiumPath } from "./chromium.ts";
import { type BrowserBackend, browserBackends } from "./config.ts";
import { type Count, countOf, rowsIn, tableOf, type VitestReport, withTable } from "./report.ts";

const { values: options, positionals: given } = parseArgs({
  allowPositionals: true,
  options: {
    write: { type: "boolean", default: false },
    part: { type: "boolean", default: false },
    count: { type: "string" },
    area: { type: "string", multiple: true },
  },
});

const writeCount = (passed: number, failed: number): void => {
  if (options.count) writeFileSync(options.count, JSON.stringify({ passed, failed }));
};

if (chromiumPath() === undefined) {
  console.log(
    "test:browser: nothing was run, for there is no Chromium on the path. NNXJS_CHROMIUM may name one.",
  );
  writeCount(0, 0);
  process.exit(0);
}

const chosen = process.env.NNXJS_BACKENDS?.split(",");
const backends = browserBackends.filter((each) => chosen?.includes(each) ?? true);
const folder = mkdtempSync(join(tmpdir(), "nnx-browser-"));
const page = "docs/backends.md";

/** After this time a run of the part is ended, in milliseconds: it takes a minute. */
const PATIENCE = 5 * 60_000;

/** Runs files on a backend: a second time when Chromium did not start, hung or died in the first. */
function run(backend: BrowserBackend, files: readonly string[]): Count {
  const count = runOnce(backend, files) ?? runOnce(backend, files);
  return count ?? { passed: 0, known: 0, failed: 1 };
}

/** Runs files on a backend. `undefined` without a report. */
function runOnce(backend: BrowserBackend, files: readonly string[]): Count | undefined {
  const report = join(folder, "report.json");
  rmSync(report, { force: true });
  const vitest = ["node_modules/vitest/vitest.mjs", "run", "-c", "vitest.browser.config.ts", ...files];
  spawnSync(
    process.execPath,
    [...vitest, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
    {
      stdio: "inherit",
      env: { ...process.env, NNXJS_BACKENDS: backend },
      timeout: options.part ? PATIENCE : undefined,
      killSignal: "SIGKILL",
    },
  );
  if (!existsSync(report)) return undefined;
  return countOf(JSON.parse(readFileSync(report, "utf8")) as VitestReport, backend);
}

const counts: Record<string, Partial<Record<BrowserBackend, Count>>> = {};
const whole = given.length === 0 && !options.part;
const wanted = areas.filter(({ name }) => options.area?.some((start) => name.startsWith(start)) ?? true);
const lists = whole ? wanted : [{ name: "these", files: options.part ? [...part, ...given] : given }];
for (const backend of backends)
  for (const { name, files } of lists) {
    console.log(`test:browser: ${name} on ${backend}`);
    counts[name] = { ...counts[name], [backend]: run(backend, files) };
  }
rmSync(folder, { recursive: true });

const all = Object.values(counts).flatMap((each) => Object.values(each));
const sum = (of: keyof Count): number => all.reduce((total, count) => total + count[of], 0);
if (whole) {
  const text = readFileSync(page, "utf8");
  const table = tableOf(counts, options.write ? rowsIn(text) : []);
  console.log(table);
  if (options.write) writeFileSync(page, withTable(text, table));
}
writeCount(sum("passed"), sum("failed"));
console.log(`test:browser: ${sum("passed")} passed, ${sum("failed")} failed, ${sum("known")} known to fail.`);
process.exitCode = sum("failed") > 0 || sum("passed") === 0 ? 1 : 0;
