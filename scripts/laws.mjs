// Holds every layer to the laws of @nnxjs/testing, 1,000 models of each: hours on two cores.
// NNXJS_LAW_RUNS=50 npm run test:laws tries 50 of each.
import { spawnSync } from "node:child_process";

const { status } = spawnSync(
  process.execPath,
  ["node_modules/vitest/vitest.mjs", "run", "--project", "unit", "packages/testing/src/laws/layers.test.ts"],
  { stdio: "inherit", env: { NNXJS_LAW_RUNS: "1000", ...process.env } },
);
process.exitCode = status ?? 1;
