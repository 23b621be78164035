/** @file Reports as files, and what is said when they cannot be written. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import "@tensorflow/tfjs-backend-cpu";
import { NotFoundError, Param } from "@nnxjs/nnx-core";
import { afterAll, expect, it } from "vitest";
import { inspect } from "../inspect.ts";
import { writeReport } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "report-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const made = () => inspect({ w: new Param(1) });

it("writes a page", async () => {
  const path = await writeReport(join(folder, "report.html"), await made());
  expect(readFileSync(path, "utf8")).toMatch(/^<!doctype html>/i);
});

it("says what to do, and writes nothing", async () => {
  const loose = writeReport as (...args: unknown[]) => Promise<string>;
  const before = readdirSync(folder);
  await expect(loose(await made(), join(folder, "a.html"))).rejects.toThrow(
    "writeReport: expected a path and a report, got an instance of Report and ",
  );
  await expect(loose(join(folder, "a.html"), made())).rejects.toThrow(
    'and an instance of Promise. Await what inspect returns: writeReport("report.html", await inspect(model)).',
  );
  await expect(writeReport(join(folder, "none", "a.html"), await made())).rejects.toThrow(NotFoundError);
  expect(readdirSync(folder)).toEqual(before);
});
