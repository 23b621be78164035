// The long tests of checkpoints: 10,000 files that went wrong, 100 processes that are killed while they save. `npm run test:checkpoint`
import { spawnSync } from "node:child_process";

const { status } = spawnSync(
  process.execPath,
  [
    "node_modules/vitest/vitest.mjs",
    "run",
    "--project",
    "unit",
    "packages/checkpoint",
    ...process.argv.slice(2),
  ],
  { stdio: "inherit", env: { NNX_FUZZ: "10000", NNX_KILLS: "100", ...process.env } },
);
process.exitCode = status ?? 1;
