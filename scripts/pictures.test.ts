/** @file Holds the pictures to their texts, and pages to their pictures' words. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { pictureOf, pictures } from "./pictures.ts";

it.each([...pictures()])("%s is drawn from its text", (file, svg) => {
  expect(readFileSync(`docs/pictures/${file}`, "utf8")).toBe(svg);
});

it("has words for those who do not see the picture", () => {
  const page = readFileSync("docs/ideas.md", "utf8");
  for (const [file, svg] of pictures()) {
    const [, said = ""] = /<desc[^>]*>([^<]*)</.exec(svg) ?? [];
    expect(said.length, file).toBeGreaterThan(60);
    const [, alt = ""] = new RegExp(`!\\[([^\\]]*)\\]\\(pictures/${file}\\)`).exec(page) ?? [];
    expect(alt.length, file).toBeGreaterThan(20);
  }
});

it("says which line of a text it cannot read", () => {
  expect(() => pictureOf("arrow a b", "one")).toThrow('one: expected a box above, got "a"');
  expect(() => pictureOf("circle a", "one")).toThrow('got "circle a"');
  expect(() => pictureOf("title A", "one")).toThrow("one: expected a title, an alt and a size");
});
