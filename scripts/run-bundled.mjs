// Runs a TypeScript file on the sources of the workspace, joined to one file first:
// node scripts/run-bundled.mjs FILE [ARGS...]
// This starts sooner than scripts/run.mjs, which compiles each of some 400 files by itself. Use
// that one for files that start workers or other files.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const [, , file, ...args] = process.argv;
const name = createHash("sha256").update(resolve(file)).digest("hex").slice(0, 16);
const folder = new URL("../node_modules/.cache/run/", import.meta.url);
const joined = new URL(`${name}.mjs`, folder);
const mapOf = new URL(`${name}.map`, folder);
const madeOf = new URL(`${name}.json`, folder);

/** What tells that a file was changed. */
const stampOf = (path) => {
  const { mtimeMs, size } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return [path, mtimeMs, size];
};

/** Whether the program was joined before, and none of its files was changed since. */
function isJoined() {
  try {
    const stamps = JSON.parse(readFileSync(madeOf, "utf8"));
    return stamps.every(([path, ...stamp]) => String(stampOf(path).slice(1)) === String(stamp));
  } catch {
    return false;
  }
}

if (!isJoined()) {
  const { joinProgram } = await import("./join-program.mjs");
  const { code, map, files } = await joinProgram(file);
  const others = ["join-program.mjs", "run-bundled.mjs", "../pnpm-lock.yaml"];
  files.push(...others.map((path) => fileURLToPath(new URL(path, import.meta.url))));
  mkdirSync(folder, { recursive: true });
  // Two processes may do this at once: each file is whole at any time.
  const write = (to, text) => {
    const from = new URL(`${process.pid}`, folder);
    writeFileSync(from, text);
    renameSync(from, to);
  };
  write(mapOf, map);
  write(joined, code);
  write(madeOf, JSON.stringify(files.map(stampOf)));
}
process.argv = [process.argv[0], resolve(file), ...args];

/** The places of a stack in the files that were joined. Node itself would read the map at once. */
function inSources(stack) {
  const sourceMap = new SourceMap(JSON.parse(readFileSync(mapOf, "utf8")));
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
}
