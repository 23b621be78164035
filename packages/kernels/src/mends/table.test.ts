import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { allMends } from "./all-mends.ts";
import { wasmKernels } from "./composed.ts";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

it("the README says which kernels are replaced on which backend, and why", () => {
  const cells = readme.split("\n").flatMap((line) => {
    const [, names, backends, why] = /^\| (`.*`) \| (.*) \| (.*) \|$/.exec(line) ?? [];
    return names === undefined ? [] : names.split(", ").map((name) => [name, backends, why].join(" "));
  });
  const mends = allMends.map(({ kernelName, backends, why }) =>
    [`\`${kernelName}\``, backends.join(", "), why].join(" "),
  );
  expect(cells.sort()).toEqual(mends.sort());
});

it("the README names the kernels that wasm gets", () => {
  for (const { kernelName } of wasmKernels) expect(readme).toContain(`\`${kernelName}\``);
});
