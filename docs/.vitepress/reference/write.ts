/**
 * @file Writes the reference: a page for each topic of the umbrella, with every public name of it, and one
 * page with all names. Run by `npm run docs` and `npm run docs:build`:
 *
 *     node scripts/run.mjs docs/.vitepress/reference/write.ts
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import manifest from "../../../package.json" with { type: "json" };
import { slugOf } from "../markdown/slug.ts";
import { commentOf, lineOf, markdownOf } from "./comments.ts";
import { type Declared, declarationsOf } from "./declarations.ts";
import { exportsOf, type Place, root } from "./exports.ts";
import { topics } from "./topics.ts";

const out = join(root, "docs/reference");
const repository = `${manifest.homepage.replace(/#.*/, "")}/blob/main/`;

/** A page, before it is written. */
interface Page {
  readonly slug: string;
  readonly title: string;
  readonly about: string;
  readonly entries: readonly (readonly [name: string, place: Place])[];
}

const named = (entry: string, prefix = ""): [string, Place][] =>
  [...exportsOf(entry)].flatMap(([name, place]): [string, Place][] =>
    place.name === "*" ? named(place.file, `${prefix}${name}.`) : [[prefix + name, place]],
  );

/** Entries of packages that the umbrella does not name. */
const others: readonly (readonly [slug: string, title: string, entry: string])[] = [
  ["checkpoint-node", "@nnxjs/checkpoint/node", "packages/checkpoint/src/node/index.ts"],
  ["training-progress", "@nnxjs/training/progress", "packages/training/src/progress.ts"],
  ["rnglib-keys", "@nnxjs/rnglib/keys", "packages/rnglib/src/keys/index.ts"],
  ["inspect", "@nnxjs/inspect", "packages/inspect/src/index.ts"],
  ["inspect-view", "@nnxjs/inspect/view", "packages/inspect/src/view/index.ts"],
  ["inspect-node", "@nnxjs/inspect/node", "packages/inspect/src/node/index.ts"],
  ["testing", "@nnxjs/testing", "packages/testing/src/index.ts"],
  ["testing-vitest", "@nnxjs/testing/vitest", "packages/testing/src/vitest.ts"],
];

/** Every page of the reference. */
export function pages(): Page[] {
  const all = new Map(named("packages/nnx/src/index.ts"));
  const own = topics().map(({ slug, title, about, names }) => ({
    slug,
    title,
    about,
    entries: [...all].filter(([name]) => names.includes(name.split(".")[0] as string)),
  }));
  const more = others.map(([slug, title, entry]) => ({
    slug,
    title: `\`${title}\``,
    about: `What \`${title}\` exports.`,
    entries: named(entry),
  }));
  return [...own, ...more];
}

/** Where names are, seen from a page of the reference. A name with a prefix is found without it, too. */
function linksOf(all: readonly Page[]): (name: string) => string | undefined {
  const found = new Map<string, string>();
  for (const { slug, entries } of [...all].reverse())
    for (const [name] of entries)
      for (const each of [name.split(".").at(-1) as string, name])
        found.set(each, `./${slug}.md#${slugOf(name)}`);
  return (name) => found.get(name.replace(/\(\)$/, "")) ?? found.get(name.split(/[.#]/)[0] as string);
}

type LinkOf = (name: string) => string | undefined;

function commentText({ doc }: Pick<Declared, "doc">, linkOf: LinkOf): string[] {
  const { text, params, returns, throws, defaultValue, examples, see } = commentOf(doc);
  return [
    markdownOf(text, linkOf),
    params.map(([name, says]) => `- \`${name}\`: ${lineOf(says, linkOf)}`).join("\n"),
    returns && `**Returns** ${lineOf(returns, linkOf)}`,
    throws.map((each) => `**Throws** ${lineOf(each, linkOf)}`).join("\n\n"),
    defaultValue && `**Default** ${lineOf(defaultValue, linkOf)}`,
    ...examples.map(
      (example) => `Example:\n\n${example.startsWith("```") ? example : markdownOf(example, linkOf)}`,
    ),
    see.map((each) => `**See** ${lineOf(each, linkOf)}`).join("\n\n"),
  ].filter(Boolean);
}

function entryText(name: string, place: Place, linkOf: LinkOf): string {
  const declared = declarationsOf(place);
  const { file, line } = declared[0]!;
  const isClass = declared[0]!.signature.includes("class ");
  const blocks = [
    `## ${name}`,
    `\`\`\`ts\n${declared.map(({ signature }) => signature).join("\n")}\n\`\`\``,
    ...declared.flatMap((each) => commentText(each, linkOf)),
  ];
  if (isClass)
    for (const { members } of declared)
      for (const { doc, signature } of members) {
        const { text } = commentOf(doc);
        const says = [text, ...commentText({ doc }, linkOf).slice(text ? 1 : 0)];
        blocks.push(
          `\`\`\`ts\n${signature}\n\`\`\``,
          ...says.map((each, i) => (i === 0 ? markdownOf(each, linkOf) : each)),
        );
      }
  blocks.push(`[Source](${repository}${file}#L${line})`);
  return blocks.filter(Boolean).join("\n\n");
}

/** The pages, by file name. */
export function texts(): Map<string, string> {
  const all = pages();
  const linkOf = linksOf(all);
  const files = new Map<string, string>();
  for (const { slug, title, about, entries } of all)
    files.set(
      `${slug}.md`,
      [`# ${title}`, about, ...entries.map(([name, place]) => entryText(name, place, linkOf))].join("\n\n") +
        "\n",
    );
  const list = all.map(
    ({ slug, title, entries }) =>
      `## ${title}\n\n${entries.map(([name]) => `[\`${name}\`](./${slug}.md#${slugOf(name)})`).join(", ")}\n`,
  );
  files.set(
    "index.md",
    `# All names\n\nEvery public name, by topic. Each has its signature, its text, an example and its source.\n\n${list.join("\n")}`,
  );
  return files;
}

if (process.argv[1]?.endsWith("reference/write.ts")) {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  for (const [name, text] of texts()) writeFileSync(join(out, name), text);
  console.log(`reference: ${readdirSync(out).length} pages`);
}
