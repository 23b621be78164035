/** @file Writes reports to files. This entry needs Node. */
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Report } from "../report.ts";

/**
 * Writes a report as one HTML file.
 * @returns the full path of the file.
 * @throws what Node throws where the file cannot be written.
 */
export async function writeReport(file: string, report: Report): Promise<string> {
  const path = resolve(file);
  await writeFile(path, await report.toHTML());
  return path;
}
