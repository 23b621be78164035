/** @file Holds messages to their form: what was expected, what came, and what to do. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { filesBelow } from "./files-below.ts";

/** Sources whose texts are only parts of messages: the sentence about what to do comes elsewhere. */
const parts = ["format/header-text.ts", "testing/src/laws/", "testing/src/equality/"];

/** A message that ends behind what came, where no sentence follows. */
const unfinished =
  /[`"][^`"\n]*\bexpected [^`"\n]*, got (?:(?!\. (?:[A-Z]|tensorflow)|\? |[`"]).)*[`"]\s*[,);]/g;

/** A source with "VALUE" for each value in a template. */
const withoutValues = (source: string): string => source.replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, "VALUE");

it("says what to do", () => {
  const found = filesBelow("packages")
    .filter((file) => /\/src\/.*\.ts$/.test(file) && !/\.(?:test|test-d|generated)\.ts$/.test(file))
    .filter((file) => !parts.some((part) => file.includes(part)))
    .flatMap((file) =>
      (withoutValues(readFileSync(file, "utf8")).match(unfinished) ?? []).map((text) => `${file}: ${text}`),
    );
  expect(found).toEqual([]);
});
