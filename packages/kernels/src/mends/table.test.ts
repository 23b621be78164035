import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { allMends } from "./all-mends.ts";
import { allTopics } from "../topics/all-topics.ts";
import { missingKernels } from "./composed.ts";
import * as reason from "../reasons.ts";
import type { Mend } from "../mend.ts";

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

const rowsOf = (reasons: typeof reason.wrong): string[] =>
  reasons
    .flatMap(([names, backends, why]) =>
      names.split(" ").map((name) => [`\`${name}\``, backends.replaceAll(" ", ", "), why].join(" ")),
    )
    .sort();

const namesOf = (mends: readonly Mend[]): string[] =>
  mends.map(({ kernelName, backends }) => [kernelName, ...backends].join(" ")).sort();

const namesIn = (reasons: typeof reason.wrong): string[] =>
  reasons.flatMap(([names, backends]) => names.split(" ").map((name) => `${name} ${backends}`)).sort();

const quickMends = (): Mend[] => allTopics.flatMap(({ quick }) => [...(quick?.() ?? [])]);

it("there is a reason for each kernel that is replaced, on the backends where it is", () => {
  expect(namesIn(reason.wrong)).toEqual(namesOf(allMends));
  expect(namesIn(reason.slow)).toEqual(namesOf(quickMends()));
});

it("the README says which kernels are replaced on which backend, and why", () => {
  expect(cellsOf(wrong!)).toEqual(rowsOf(reason.wrong));
});

it("the README says which slow kernels are replaced on which backend, and why", () => {
  expect(cellsOf(slow!)).toEqual(rowsOf(reason.slow));
});

it("the README names the kernels that backends get", () => {
  for (const { kernelName } of missingKernels) expect(readme).toContain(`\`${kernelName}\``);
});
