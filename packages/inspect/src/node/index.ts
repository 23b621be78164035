/** @file Writes reports to files. This entry needs Node. */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { NnxError, NotFoundError } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";
import type { Report } from "../report.ts";

/**
 * Writes a report as one HTML file.
 * @param file - The path of the file, which is replaced.
 * @param report - What `inspect` gave.
 * @returns the full path of the file.
 * @throws {@link NnxError} for something else than a path and a report, {@link NotFoundError} for a
 * folder that does not exist, and what Node throws where the file cannot be written.
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
  const given: unknown = report;
  const isReport = typeof given === "object" && given !== null && "toHTML" in given;
  if (typeof file !== "string" || !isReport) {
    const advice = given instanceof Promise ? "Await what inspect returns" : "The file comes first";
    throw new NnxError(
      `writeReport: expected a path and a report, got ${describe(file)} and ${describe(report)}. ` +
        `${advice}: writeReport("report.html", await inspect(model)).`,
    );
  }
  const path = resolve(file);
  if (!existsSync(dirname(path))) {
    throw new NotFoundError(
      `writeReport: expected a folder at ${dirname(path)}, got none there. Make it first.`,
    );
  }
  await writeFile(path, await report.toHTML());
  return path;
}
