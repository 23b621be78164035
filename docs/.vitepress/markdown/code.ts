/**
 * @file Blocks of code in few elements. The highlighter gives each token an element with two colours
 * of its own, and each line another one: most of what a page has, and all of it costs a telephone
 * time before the page answers.
 */
import type { MarkdownOptions } from "vitepress";

type Transformer = NonNullable<MarkdownOptions["codeTransformers"]>[number];
type Block = Parameters<NonNullable<Transformer["code"]>>[0];
type Part = Block["children"][number];

/** The classes of the light theme's colours. `style.css` has the colours of both themes. */
const classes: Readonly<Record<string, string | undefined>> = {
  "024C1A": "code-t",
  "0E1116": "",
  "023B95": "code-c",
  "032563": "code-s",
  "622CBC": "code-f",
  "66707B": "code-r",
  "702C00": "code-v",
  A0111F: "code-k",
};

/** The class of a token; the empty one for tokens in the colour of plain text. */
function classOf(style: string): string {
  const [, colour] = /^--shiki-light:#([\dA-F]{6});/.exec(style) ?? [];
  const name = colour === undefined ? undefined : classes[colour];
  if (name === undefined)
    throw new Error(`code: expected a colour that has a class, got "${style}". Add it, and to style.css.`);
  return name;
}

interface Run {
  readonly name: string;
  text: string;
}

/** Adds text to the runs. What shows no colour goes to the run before it. */
function append(runs: Run[], name: string, text: string): void {
  const last = runs.at(-1);
  if (last !== undefined && (last.name === name || text.trim() === "")) last.text += text;
  else runs.push({ name, text });
}

function collect(runs: Run[], part: Part): void {
  if (part.type === "text") append(runs, "", part.value);
  if (part.type !== "element") return;
  const { style } = part.properties;
  if (typeof style !== "string") for (const child of part.children) collect(runs, child);
  else {
    const name = classOf(style);
    for (const child of part.children) if (child.type === "text") append(runs, name, child.value);
  }
}

/** One element for neighbours of one colour, none for plain text, and none for lines. */
export const fewerElements: Transformer = {
  name: "nnxjs:fewer-elements",
  code(block) {
    const runs: Run[] = [];
    for (const part of block.children) collect(runs, part);
    block.children = runs.map(({ name, text }): Part => {
      const value = { type: "text", value: text } as const;
      if (name === "") return value;
      return { type: "element", tagName: "span", properties: { class: name }, children: [value] };
    });
  },
};
