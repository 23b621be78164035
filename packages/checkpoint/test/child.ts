/** @file Programs of the tests, each in a process of its own, on the sources of the workspace. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { joinProgram } from "../../../scripts/join-program.mjs";

const folder = mkdtempSync(join(tmpdir(), "nnx-programs-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

const joined = new Map<string, Promise<string>>();

/** Joins a program once: its sources take longer to start than to run. */
function programOf(name: string): Promise<string> {
  const known = joined.get(name);
  if (known) return known;
  const file = joinProgram(new URL(`programs/${name}.ts`, import.meta.url).pathname).then(({ code }) => {
    const path = join(folder, `${name}.mjs`);
    writeFileSync(path, code);
    return path;
  });
  joined.set(name, file);
  return file;
}

/** How a program went. */
interface Ended {
  readonly lines: readonly string[];
  readonly code: number | null;
  readonly signal: string | null;
}

/**
 * Runs `test/programs/<name>.ts` to its end.
 * @param options - `nodeFlags`: for Node; `onLine`: gets each line that it writes, and may kill it.
 */
export async function child(
  name: string,
  args: readonly string[],
  {
    nodeFlags = [],
    onLine = () => {},
  }: { nodeFlags?: readonly string[]; onLine?: (line: string, process: ChildProcess) => void } = {},
): Promise<Ended> {
  const running = spawn(process.execPath, [...nodeFlags, await programOf(name), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  let rest = "";
  running.stdout.setEncoding("utf8").on("data", (text: string) => {
    const whole = (rest + text).split("\n");
    rest = whole.pop() as string;
    for (const line of whole) {
      lines.push(line);
      onLine(line, running);
    }
  });
  return new Promise((resolve) => running.on("close", (code, signal) => resolve({ lines, code, signal })));
}
