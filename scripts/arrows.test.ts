/** @file Arrows between the folders of a package point down: the orders in docs/architecture.md. */
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, it } from "vitest";
import { filesBelow } from "./files-below.ts";

/**
 * Folders, the lowest first. Each imports from those before it, from itself, and from files beside
 * the folders. "" are these files: where they are named, they import from no folder.
 */
const orders: readonly (readonly [base: string, folders: readonly string[]])[] = [
  [
    "packages/kernels/src",
    ["abstract", "gpu", "memory", "wasm", "quick", "move", "own", "mends", "topics", "ops", "steps"],
  ],
  [
    "packages/nnx-core/src",
    [
      "engine",
      "data",
      "ownership",
      "variable",
      "filter",
      "state",
      "graph",
      "undo",
      "recording",
      "module",
      "autodiff",
      "capture",
      "program",
      "transforms",
      "inspect",
    ],
  ],
  ["packages/rnglib/src", ["keys", "random", "initializers", "streams"]],
  ["packages/checkpoint/src", ["storage", "format", "values", "read", "write", "transfer"]],
  ["packages/uncertainty/src", ["transform", "measures", "ensemble", "sampling", "evaluation"]],
  ["packages/training/src", ["tree", "schedules", "transformations", "optimizer"]],
  ["packages/training/src/transformations", ["", "masks", "parts", "rules", "line-search"]],
  ["packages/training/src/transformations", ["", "masks", "parts", "wrappers"]],
];

/** The type of a State follows from the type of the model. */
const mayPointUp = ["packages/nnx-core/src/state/state-of.ts"];

/** The folder of a file within `base`; "" beside the folders, `undefined` elsewhere. */
function folderOf(base: string, file: string): string | undefined {
  const path = relative(base, file);
  if (path.startsWith("..")) return undefined;
  const parts = path.split("/");
  return parts.length > 1 ? parts[0] : "";
}

const importsOf = (file: string): string[] =>
  Array.from(
    readFileSync(file, "utf8").matchAll(/^(?:import|export)\s[^;"]*"(\.[^"]+)"/gm),
    ([, path = ""]) => join(file, "..", path),
  );

it.each(orders)("in %s, each of %j imports from those before it", (base, folders) => {
  const sources = filesBelow(base).filter((file) => /\.ts$/.test(file) && !/\.test(-d)?\.ts$/.test(file));
  const wrong = sources.flatMap((file) => {
    const place = folders.indexOf(folderOf(base, file) ?? "none");
    if (place === -1 || mayPointUp.includes(file)) return [];
    return importsOf(file)
      .filter((target) => {
        const folder = folderOf(base, target);
        return folder && !folders.slice(0, place + 1).includes(folder);
      })
      .map((target) => `${file} imports ${target}`);
  });
  expect(wrong).toEqual([]);
  expect(sources.length).toBeGreaterThan(10);
});
