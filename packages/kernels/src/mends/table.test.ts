import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { allMends } from "./all-mends.ts";
import { allTopics } from "../topics/all-topics.ts";
import { missingKernels } from "./composed.ts";
import type { Mend } from "./mend.ts";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

const [, wrong, slow] = readme.split("\n## ");

/** The rows of a table, one for each kernel. */
const cellsOf = (section: string): string[] =>
  section
    .split("\n")
    .flatMap((line) => {
      const [, names, backends, why] = /^\| (`.*`) \| (.*) \| (.*) \|$/.exec(line) ?? [];
      return names === undefined ? [] : names.split(", ").map((name) => [name, backends, why].join(" "));
    })
    .sort();

const rowsOf = (mends: readonly Mend[]): string[] =>
  mends
    .map(({ kernelName, backends, why }) => [`\`${kernelName}\``, backends.join(", "), why].join(" "))
    .sort();

it("the README says which kernels are replaced on which backend, and why", () => {
  expect(cellsOf(wrong!)).toEqual(rowsOf(allMends));
});

it("the README says which slow kernels are replaced on which backend, and why", () => {
  expect(cellsOf(slow!)).toEqual(rowsOf(allTopics.flatMap(({ quick }) => quick?.() ?? [])));
});
it("the README names the kernels that backends get", () => {
  for (const { kernelName } of missingKernels) expect(readme).toContain(`\`${kernelName}\``);
});
