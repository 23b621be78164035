/** @file The table of docs/backends.md is one that `npm run test:browser -- --write` writes. */
import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { areas, known, MOST_KNOWN, part } from "./browser/areas.ts";
import { browserBackends } from "./browser/config.ts";
import { countOf, rowsIn, tableOf, withTable } from "./browser/report.ts";

const page = readFileSync(new URL("../docs/backends.md", import.meta.url), "utf8");

it("the page has a row for each area, and counts for each backend", () => {
  const [head, ...rows] = rowsIn(page);
  expect(head).toEqual(["area", ...browserBackends]);
  expect(rows.map(([name]) => name)).toEqual(areas.map(({ name }) => name));
  for (const [, ...cells] of rows)
    for (const cell of cells) expect(cell).toMatch(/^([1-9]\d* of [1-9]\d*|not run)$/);
});

it("what does not pass is in the list of what is known", () => {
  const [, ...rows] = rowsIn(page);
  const missing = rows.flatMap(([, ...cells]) =>
    cells.map((cell) => {
      if (cell === "not run") return 0;
      const [passed, all] = cell.split(" of ").map(Number) as [number, number];
      return all - passed;
    }),
  );
  expect(missing.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(known.length);
  expect(known.length).toBeLessThanOrEqual(MOST_KNOWN);
  for (const { test, reason } of known) {
    expect(reason.length, test).toBeGreaterThan(20);
    expect(page, test).toContain(reason);
  }
});

it("counts tests, those that are known to fail, and files that could not be read", () => {
  const test = (fullName: string, status: string) => ({ fullName, status });
  const report = {
    testResults: [
      {
        name: "a",
        status: "failed",
        assertionResults: [test("on webgl x", "passed"), test("on webgl y", "failed")],
      },
      { name: "b", status: "failed", assertionResults: [] },
      { name: "c", status: "passed", assertionResults: [test("z", "passed"), test("later", "skipped")] },
    ],
  };
  const list = [{ backend: "webgl", test: "y", reason: "" }];
  expect(countOf(report, "webgl", list)).toEqual({ passed: 2, known: 1, failed: 1 });
  expect(countOf(report, "webgpu", list)).toEqual({ passed: 2, known: 0, failed: 2 });
});

it("writes what it reads", () => {
  const count = { passed: 3, known: 1, failed: 0 };
  const counts = Object.fromEntries(areas.map(({ name }) => [name, { cpu: count, webgl: count }]));
  const written = withTable(page, tableOf(counts));
  expect(rowsIn(written)[1]).toEqual([areas[0]!.name, "3 of 4", "not run", "3 of 4", "not run"]);
  expect(withTable(written, tableOf(counts))).toBe(written);
  const later = tableOf({ [areas[0]!.name]: { wasm: count } }, rowsIn(written));
  expect(rowsIn(withTable(page, later))[1]).toEqual([
    areas[0]!.name,
    ...["3 of 4", "3 of 4", "3 of 4"],
    "not run",
  ]);
  expect(() => withTable("no place", "")).toThrow(/expected/);
});

it("names files that there are", () => {
  for (const path of [...areas.flatMap(({ files }) => files), ...part])
    expect(existsSync(new URL(`../${path}`, import.meta.url)), path).toBe(true);
});
