/** @file What a run in a browser gave: counts, and the table in docs/backends.md. */
import { type BrowserBackend, browserBackends } from "./config.ts";
import { areas, type Known, known } from "./areas.ts";

/** How many tests passed and how many there were. */
export interface Count {
  readonly passed: number;
  readonly known: number;
  readonly failed: number;
}

/** What vitest's JSON reporter writes, as far as it is read here. */
export interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** Counts the tests. A file that could not be read counts as one that failed. */
export function countOf(report: VitestReport, backend: string, list: readonly Known[] = known): Count {
  const count = { passed: 0, known: 0, failed: 0 };
  for (const { status, assertionResults } of report.testResults) {
    let failed = 0;
    for (const { fullName, status: of } of assertionResults) {
      if (of === "passed") count.passed++;
      if (of !== "failed") continue;
      failed++;
      const isKnown = list.some((each) => each.backend === backend && fullName.endsWith(each.test));
      count[isKnown ? "known" : "failed"]++;
    }
    if (status === "failed" && failed === 0) count.failed++;
  }
  return count;
}

/** The counts of each area on each backend. */
export type Counts = Readonly<Record<string, Readonly<Partial<Record<BrowserBackend, Count>>>>>;

const NOT_RUN = "not run";

/** An area may have no tests for a backend. */
function cell({ passed, known: few, failed }: Count): string {
  const all = passed + few + failed;
  return all === 0 ? NOT_RUN : `${passed} of ${all}`;
}

/**
 * The table, one row for each area.
 * @param before - The rows of the table before: what was not run now keeps its cell.
 */
export const tableOf = (counts: Counts, before: readonly (readonly string[])[] = []): string =>
  [
    `| area | ${browserBackends.join(" | ")} |`,
    `| --- |${browserBackends.map(() => " --- |").join("")}`,
    ...areas.map(({ name }) => {
      const row = before.find(([first]) => first === name);
      const cells = browserBackends.map((each, i) => {
        const count = counts[name]?.[each];
        return count ? cell(count) : (row?.[i + 1] ?? NOT_RUN);
      });
      return `| ${name} | ${cells.join(" | ")} |`;
    }),
  ].join("\n");

const BEGIN = "<!-- written by npm run test:browser -- --write -->";
const END = "<!-- end of what is written -->";

/** Puts the table into a page. @throws Error when the page has no place for it. */
export function withTable(page: string, table: string): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined)
    throw new Error(`docs/backends.md: expected "${BEGIN}" and "${END}", got a page without them.`);
  return `${before}${BEGIN}\n\n${table}\n\n${END}${after}`;
}

/** The rows of the table of a page, cell by cell. */
export function rowsIn(page: string): string[][] {
  const table = page.split(BEGIN)[1]?.split(END)[0] ?? "";
  return table
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| ---"))
    .map((line) => line.slice(2, -2).split(" | "));
}
