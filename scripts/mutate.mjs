// Changes the code of a folder in many small ways, and counts the changes that no test notices:
// npm run mutate -- packages/nnx-core/src/filter [TESTS...]
// Instead of a folder it may be one file. With NNXJS_MUTANT_SHARE=0.2 it takes a fifth of the changes, at
// random, but the same ones each time; NNXJS_MUTANT_SEED=1 gives others. With NNXJS_MUTANTS=survivors it
// takes those that survived the last run, writes into its report which of them are killed now, and leaves
// the others as they were.
// TESTS are globs of test files; without them, those of mutants/tests.mjs. The report is in reports/mutants.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { equivalents, leaveOutEquivalents } from "./mutants/equivalent.mjs";
import { leaveOutOfSample } from "./mutants/sample.mjs";
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

const name = folder.replaceAll("/", "-");
const report = `reports/mutants/${name}.json`;
const idOf = ({ mutatorName, location, replacement }) => JSON.stringify([mutatorName, location, replacement]);
const isAlive = ({ status }) => status === "Survived" || status === "NoCoverage";

/** Where the mutants are that survived the last run. Stryker counts lines from 1 and columns from 0. */
const placesOf = ({ files }) =>
  Object.entries(files).flatMap(([file, { mutants }]) =>
    mutants
      .filter(isAlive)
      .map(
        ({ location: { start, end } }) =>
          `${file}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`,
      ),
  );

/** The last report, with what the mutants that survived it have come to. */
function merged(last, now) {
  for (const [file, { mutants }] of Object.entries(now.files)) {
    const fates = new Map(mutants.map((mutant) => [idOf(mutant), mutant]));
    const known = last.files[file];
    known.mutants = known.mutants.map((mutant) => (isAlive(mutant) && fates.get(idOf(mutant))) || mutant);
  }
  return last;
}

const last = process.env.NNXJS_MUTANTS === "survivors" ? JSON.parse(readFileSync(report, "utf8")) : undefined;
const config = `node_modules/.cache/mutants-${name}.json`;
mkdirSync("node_modules/.cache", { recursive: true });
writeFileSync(
  config,
  JSON.stringify({
    mutate: last ? placesOf(last) : filesOf(folder),
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
    jsonReporter: { fileName: report },
    clearTextReporter: { allowColor: false, logTests: false },
    // Static mutants need all tests each, and are mostly tables of names.
    ignoreStatic: true,
    thresholds: { high: 95, low: 85, break: null },
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
if (status === 0) {
  const now = JSON.parse(readFileSync(report, "utf8"));
  const all = last ? merged(last, now) : now;
  leaveOutOfSample(all);
  leaveOutEquivalents(all);
  writeFileSync(report, JSON.stringify(all));
  const mutants = Object.values(all.files).flatMap((file) => file.mutants);
  const counted = mutants.filter((mutant) => mutant.status !== "Ignored");
  const killed = counted.filter((mutant) => !isAlive(mutant)).length;
  const share = (100 * killed) / counted.length;
  const named = mutants.filter(({ statusReason }) =>
    equivalents.some(({ why }) => why === statusReason),
  ).length;
  console.log(`${killed} of ${counted.length} killed, ${share.toFixed(1)} %; ${named} more are equivalent.`);
  if (share < 85) process.exitCode = 1;
}
