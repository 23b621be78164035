/** @file Programs of the tests, each in a process of its own, on the sources of the workspace. */
import { type ChildProcess, spawn } from "node:child_process";

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
  const program = new URL(`programs/${name}.ts`, import.meta.url).pathname;
  const flags = [...nodeFlags, "--import", import.meta.resolve("tsx"), "--conditions=@nnxjs/source"];
  const running = spawn(process.execPath, [...flags, program, ...args], {
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
