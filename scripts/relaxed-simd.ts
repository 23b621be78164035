/** @file Runs programs of tests in a process that has WebAssembly's relaxed SIMD. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const [major = 0] = process.versions.node.split(".").map(Number);

/** The flag that Node 20 needs for it. */
const FLAG = "--experimental-wasm-relaxed-simd";

/** Whether this process has it. */
export const hasRelaxedSimd: boolean = major >= 21 || process.execArgv.includes(FLAG);

/** Runs a file on the sources. @returns what it prints, read as JSON. @throws Error if it fails. */
export function withRelaxedSimd(program: URL, ...args: readonly string[]): unknown {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [
      ...(major >= 21 ? [] : [FLAG]),
      "--import",
      import.meta.resolve("tsx"),
      "--conditions=@nnxjs/source",
      fileURLToPath(program),
      ...args,
    ],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`${program.pathname} failed: ${stderr}`);
  return JSON.parse(stdout);
}
