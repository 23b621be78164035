/** @file The version that files and the Python module state is that of the package. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { libraryVersion } from "./write/written-by.ts";

const textOf = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

it("is the same wherever it stands", () => {
  const { version } = JSON.parse(textOf("package.json")) as { version: string };
  expect(libraryVersion).toBe(version);
  expect(/^version = "(.*)"$/m.exec(textOf("python/pyproject.toml"))?.[1]).toBe(version);
});
