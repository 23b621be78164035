// Runs a TypeScript file on the sources of the workspace: node scripts/run.mjs FILE [ARGS...]
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";

const tsx = createRequire(import.meta.url).resolve("tsx/cli");
const { status } = spawnSync(
  process.execPath,
  [tsx, "--conditions=@nnxjs/source", ...process.argv.slice(2)],
  { stdio: "inherit" },
);
process.exit(status ?? 1);
