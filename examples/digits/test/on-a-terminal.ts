/** @file The demo as it runs on a terminal, when it runs in a pipe. */
process.stderr.isTTY = true;
await import("../main.ts");
