// All tests, with those that repeat themselves at full length: `npm run test:long`
import { spawnSync } from "node:child_process";

const { status } = spawnSync(
  process.execPath,
  ["node_modules/vitest/vitest.mjs", "run", ...process.argv.slice(2)],
  { stdio: "inherit", env: { NNXJS_LONG: "1", ...process.env } },
);
process.exitCode = status ?? 1;
