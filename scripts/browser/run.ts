/**
 * @file Runs tests in Chromium: `npm run test:browser [file…]`. Where there is no Chromium, says so and
 * succeeds.
 */
import { spawnSync } from "node:child_process";
import { chromiumPath } from "./chromium.ts";

if (chromiumPath() === undefined) {
  console.log(
    "test:browser: nothing was run, for there is no Chromium on the path. NNXJS_CHROMIUM may name one.",
  );
  process.exit(0);
}

/** What is known to pass on all four backends. */
const files = [
  "packages/gradients/src/golden.test.ts",
  "packages/layers/src/linear/linear.test.ts",
  "packages/layers/src/bad-input.test.ts",
  "packages/layers/src/definitions.test.ts",
  "scripts/browser/training.test.ts",
];
const given = process.argv.slice(2);
const { status } = spawnSync(
  process.execPath,
  [
    "node_modules/vitest/vitest.mjs",
    "run",
    "-c",
    "vitest.browser.config.ts",
    ...(given.length > 0 ? given : files),
  ],
  { stdio: "inherit" },
);
process.exit(status ?? 1);
