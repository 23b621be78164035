/** @file Writes reports to files. This entry needs Node. */
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Report } from "../report.ts";

/**
 * Writes a report as one HTML file.
 * @param file - The path of the file, which is replaced.
 * @param report - What `inspect` gave.
 * @returns the full path of the file.
 * @throws what Node throws where the file cannot be written.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import * as nnx from "@nnxjs/nnx";
 * import { inspect } from "@nnxjs/inspect";
 * import { writeReport } from "@nnxjs/inspect/node";
 *
 * const report = await inspect(new nnx.Linear(4, 3, { rngs: new nnx.Rngs(0) }));
 * const folder = mkdtempSync(`${tmpdir()}/run-`);
 * await writeReport(`${folder}/report.html`, report); // the full path of the file
 * ```
 */
export async function writeReport(file: string, report: Report): Promise<string> {
  const path = resolve(file);
  await writeFile(path, await report.toHTML());
  return path;
}
