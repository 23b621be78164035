/** @file The kit works under Node's own test runner. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

it("runs under node --test", async () => {
  const file = fileURLToPath(new URL("../test/node-runner.ts", import.meta.url));
  const flags = ["--import", "tsx", "--conditions", "@nnxjs/source", "--test", "--test-reporter", "tap"];
  // Vitest's own settings are not for the process that is under test.
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, file], { env });
  expect(stdout).toMatch(/# pass 3\n# fail 0/);
}, 60_000);
