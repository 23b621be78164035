// Runs a TypeScript file on the sources of the workspace, joined to one file first:
// node scripts/run-bundled.mjs FILE [ARGS...]
// This starts sooner than scripts/run.mjs, which compiles each of some 400 files by itself. Use
// that one for files that start workers or other files.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { joinProgram } from "./join-program.mjs";

const [, , file, ...args] = process.argv;
const folder = new URL("../node_modules/.cache/run/", import.meta.url);
const joined = new URL(`${process.pid}.mjs`, folder);
mkdirSync(folder, { recursive: true });
writeFileSync(joined, await joinProgram(file));
process.argv = [process.argv[0], resolve(file), ...args];
process.setSourceMapsEnabled(true);
try {
  await import(joined.href);
} finally {
  rmSync(joined, { force: true });
}
