// Changes the code of a folder in many small ways, and counts the changes that no test notices:
// npm run mutate -- packages/nnx-core/src/filter [TESTS...]
// Instead of a folder it may be one file.
// TESTS are globs of test files; without them, those of mutants/tests.mjs. The report is in reports/mutants.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { testsFor } from "./mutants/tests.mjs";

const [given, ...tests] = process.argv.slice(2);
const folder = given?.replace(/\/$/, "");
const home = /^packages\/[\w-]+(?=\/)/.exec(folder ?? "")?.[0];
if (!home) {
  console.error(
    `mutate: expected a folder of a package's sources, got ${given ?? "none"}. Write npm run mutate -- packages/nnx-core/src/filter`,
  );
  process.exit(2);
}
const name = folder.replaceAll("/", "-");
const config = `node_modules/.cache/mutants-${name}.json`;
mkdirSync("node_modules/.cache", { recursive: true });
writeFileSync(
  config,
  JSON.stringify({
    mutate: [
      folder.endsWith(".ts") ? folder : `${folder}/**/*.ts`,
      `!${folder}/**/*.test.ts`,
      `!${folder}/**/*.test-d.ts`,
      `!${folder}/**/*.generated.ts`,
    ],
    testRunner: "resident",
    plugins: ["./scripts/mutants/plugin.mjs"],
    // The texts of errors are for people; tests hold some of them to words, not all of them.
    ignorers: ["messages"],
    timeoutMS: 30_000,
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
      NNXJS_MUTANT_TESTS: (tests.length > 0 ? tests : testsFor(folder, home)).join("|"),
    },
  },
);
process.exitCode = status ?? 1;
