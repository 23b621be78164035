// Runs a TypeScript file on the sources of the workspace: node scripts/run.mjs FILE [ARGS...]
import { spawn } from "node:child_process";
import { constants } from "node:os";

const args = ["--import", import.meta.resolve("tsx"), "--conditions=@nnxjs/source", ...process.argv.slice(2)];
const child = spawn(process.execPath, args, { stdio: "inherit" });
// Ctrl-C also reaches the program, which decides how to end. This process waits for it.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("close", (status, signal) => process.exit(status ?? 128 + constants.signals[signal]));
