/**
 * @file Holds doc comments to what readers look for: an example, parameters, shapes, errors, and the
 * function of Flax, JAX or optax that a name comes from.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { commentOf } from "../../docs/.vitepress/reference/comments.ts";
import { type Declared, declarationsOf } from "../../docs/.vitepress/reference/declarations.ts";
import { pages } from "../../docs/.vitepress/reference/write.ts";
import { readGolden } from "../golden.ts";

/** A public name, with everything that it is. */
interface Named {
  readonly name: string;
  readonly declared: readonly Declared[];
  /** The doc comments of all declarations. */
  readonly doc: string;
  readonly isValue: boolean;
}

const named: Named[] = [];
const seen = new Set<string>();
for (const { entries } of pages())
  for (const [name, place] of entries) {
    if (seen.has(`${place.file} ${place.name}`)) continue;
    seen.add(`${place.file} ${place.name}`);
    const declared = declarationsOf(place);
    const doc = declared.map((each) => each.doc).join("\n");
    named.push({ name, declared, doc, isValue: declared.some(({ isValue }) => isValue) });
  }
const values = named.filter(({ isValue }) => isValue);

/** The sentences of a doc comment, without its examples. */
const sentences = (doc: string): string => doc.replaceAll(/```[\s\S]*?```/g, "");

/** A name that stands for another, or says what it differs in: the other's text counts, too. */
const refersTo = (doc: string): boolean => /\{@link [\w.]+\}|[Aa]nother name of|The name that/.test(doc);

const namesWhere = (list: readonly Named[], isWrong: (each: Named) => boolean): string[] =>
  list.filter(isWrong).map(({ name }) => name);

describe("doc comments", () => {
  it("have an example for each value; the doctests run it", () => {
    expect(namesWhere(values, ({ doc }) => !commentOf(doc).examples.join("").includes("```ts"))).toEqual([]);
  });

  it("tell of each type, which is part of another name or used beside a value, whose example shows it", () => {
    const wordsIn = (text: string): Set<string> =>
      new Set(text.replaceAll(/\/\*[\s\S]*?\*\//g, "").match(/\w+/g));
    const files = new Set(values.flatMap(({ declared }) => declared.map(({ file }) => file)));
    const beside = Array.from(files, (file) => wordsIn(readFileSync(file, "utf8")));
    const signatures = named.map(({ name, declared }) => ({
      name,
      words: wordsIn(
        declared
          .flatMap(({ signature, members }) => [signature, ...members.map((each) => each.signature)])
          .join("\n"),
      ),
    }));
    const isShown = (type: string): boolean => {
      const word = type.split(".").at(-1) as string;
      return (
        beside.some((words) => words.has(word)) ||
        signatures.some(({ name, words }) => name !== type && words.has(word))
      );
    };
    const types = named.filter(({ isValue }) => !isValue);
    expect(
      namesWhere(types, ({ name, doc }) => doc === "" || !(isShown(name) || doc.includes("```ts"))),
    ).toEqual([]);
  });

  it("describe each parameter, by a tag or in a sentence; options have an interface", () => {
    const missing = values.flatMap(({ name, declared, doc }) => {
      const text = sentences(doc);
      const tags = new Set(commentOf(doc).params.map(([param]) => param));
      return declared[0]!.parameters
        .filter((param) => !/^(?:options|this)$/.test(param))
        .filter((param) => !tags.has(param) && !new RegExp(`\`[^\`]*\\b${param}\\b[^\`]*\``).test(text))
        .map((param) => `${name}: ${param}`);
    });
    expect(missing).toEqual([]);
  });

  it("speak of shapes where tensors come or go", () => {
    const isSilent = ({ declared, doc }: Named): boolean =>
      declared[0]!.parameters.length > 0 &&
      /\bTensor\b/.test(declared[0]!.signature) &&
      !refersTo(doc) &&
      !/`\[[^`]*`|[Ss]hape|scalar|rank|row/.test(sentences(doc));
    expect(namesWhere(values, isSilent)).toEqual([]);
  });

  it("name the errors of functions that throw by themselves", () => {
    expect(
      namesWhere(
        values,
        ({ declared, doc }) =>
          declared.some(({ throws }) => throws) && !/@throws/.test(doc) && !refersTo(doc),
      ),
    ).toEqual([]);
  });

  it("name the function of Flax, JAX or optax that has the same name", () => {
    const { names } = readGolden<{ names: Readonly<Record<string, readonly string[]>> }>("parity");
    const theirs = new Set(
      Object.entries(names)
        .filter(([place]) => !/Module|Variable|Rngs|RngStream/.test(place))
        .flatMap(([, list]) => list)
        .map((name) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())),
    );
    const umbrella = values.filter(({ declared }) => !/\/(?:testing|inspect|keys)\//.test(declared[0]!.file));
    expect(
      namesWhere(
        umbrella,
        ({ name, doc }) =>
          theirs.has(name.split(".").at(-1) as string) && !/flax|jax|optax/i.test(sentences(doc)),
      ),
    ).toEqual([]);
  });
});
