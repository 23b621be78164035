/** @file Runs the demo in a pipe as if it ran on a terminal. */
process.stderr.isTTY = true;
await import("../main.ts");
