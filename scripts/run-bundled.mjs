// Runs a TypeScript file on the sources of the workspace, joined to one file first:
// node scripts/run-bundled.mjs FILE [ARGS...]
// This starts sooner than scripts/run.mjs, which compiles each of some 400 files by itself. Use
// that one for files that start workers or other files.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { resolve } from "node:path";
import { joinProgram } from "./join-program.mjs";

const [, , file, ...args] = process.argv;
const folder = new URL("../node_modules/.cache/run/", import.meta.url);
const joined = new URL(`${process.pid}.mjs`, folder);
mkdirSync(folder, { recursive: true });
const { code, map } = await joinProgram(file);
writeFileSync(joined, code);
process.argv = [process.argv[0], resolve(file), ...args];

/** The places of a stack in the files that were joined. Node itself would read the map at once. */
function inSources(stack) {
  const sourceMap = new SourceMap(JSON.parse(map));
  return stack.replaceAll(/file:\S*?\.mjs:(\d+):(\d+)/g, (place, line, column) => {
    if (!place.startsWith(joined.href)) return place;
    const { originalSource, originalLine, originalColumn } = sourceMap.findEntry(line - 1, column - 1);
    return originalSource
      ? `${resolve("/", originalSource)}:${originalLine + 1}:${originalColumn + 1}`
      : place;
  });
}

try {
  await import(joined.href);
} catch (error) {
  if (error instanceof Error && error.stack) error.stack = inSources(error.stack);
  throw error;
} finally {
  rmSync(joined, { force: true });
}
