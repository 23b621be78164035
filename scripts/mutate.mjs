// Changes the code of a folder in many small ways, and counts the changes that no test notices:
// npm run mutate -- packages/nnx-core/src/filter [TESTS...]
// Instead of a folder it may be one file. With NNXJS_MUTANT_LINES=2000 it takes files of 2,000 lines in
// all, at random, but the same ones each time.
// TESTS are globs of test files; without them, those of mutants/tests.mjs. The report is in reports/mutants.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { leftOut, testsFor } from "./mutants/tests.mjs";

const [given, ...tests] = process.argv.slice(2);
const folder = given?.replace(/\/$/, "");
const home = /^packages\/[\w-]+(?=\/)/.exec(folder ?? "")?.[0];
if (!home) {
  console.error(
    `mutate: expected a folder of a package's sources, got ${given ?? "none"}. Write npm run mutate -- packages/nnx-core/src/filter`,
  );
  process.exit(2);
}

const isSource = (path) => /\.ts$/.test(path) && !/\.(test|test-d|generated)\.ts$/.test(path);
const filesOf = (path) =>
  path.endsWith(".ts")
    ? [path]
    : readdirSync(path, { recursive: true })
        .filter(isSource)
        .map((file) => `${path}/${file.replaceAll("\\", "/")}`)
        .filter((file) => !leftOut.includes(file));

/** Files with about as many lines together as NNXJS_MUTANT_LINES says, always the same ones; else all. */
function sample(files) {
  let left = Number(process.env.NNXJS_MUTANT_LINES ?? Number.POSITIVE_INFINITY);
  const rank = (file) => createHash("sha256").update(`0 ${file}`).digest("hex");
  return files
    .toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))
    .filter((file) => {
      const isIn = left > 0;
      left -= readFileSync(file, "utf8").split("\n").length;
      return isIn;
    });
}

const name = folder.replaceAll("/", "-");
const config = `node_modules/.cache/mutants-${name}.json`;
mkdirSync("node_modules/.cache", { recursive: true });
writeFileSync(
  config,
  JSON.stringify({
    mutate: sample(filesOf(folder)),
    testRunner: "resident",
    plugins: ["./scripts/mutants/plugin.mjs"],
    // The texts of errors are for people; tests hold some of them to words, not all of them.
    ignorers: ["messages"],
    timeoutMS: 8_000,
    timeoutFactor: 1,
    // Stryker would read it by an API that this version of TypeScript does not have.
    tsconfigFile: "none",
    coverageAnalysis: "perTest",
    concurrency: Number(process.env.NNXJS_MUTANT_WORKERS ?? 1),
    ignorePatterns: ["dist", "api", "docs", ".doctest", "benchmarks", "reports", "coverage"],
    reporters: ["clear-text", "json", "progress-append-only"],
    jsonReporter: { fileName: `reports/mutants/${name}.json` },
    clearTextReporter: { allowColor: false, logTests: false },
    // Static mutants need all tests each, and are mostly tables of names.
    ignoreStatic: true,
    thresholds: { high: 95, low: 85, break: 85 },
  }),
);
const { status } = spawnSync(
  process.execPath,
  ["node_modules/@stryker-mutator/core/bin/stryker.js", "run", config],
  {
    stdio: "inherit",
    env: {
      ...process.env,
      // Tests that kill processes have nothing to do with changes here.
      NNX_KILLS: "0",
      NNXJS_MUTANT_TESTS: (tests.length > 0 ? tests : testsFor(folder, home)).join(";"),
    },
  },
);
process.exitCode = status ?? 1;
