/** @file Doc comments as Markdown. */

/** The parts of a doc comment. */
export interface Comment {
  readonly text: string;
  readonly params: readonly (readonly [name: string, text: string])[];
  readonly returns: string;
  readonly throws: readonly string[];
  readonly defaultValue: string;
  readonly examples: readonly string[];
  readonly see: readonly string[];
}

/** Reads the tags of a doc comment. */
export function commentOf(doc: string): Comment {
  const comment = {
    text: "",
    params: [] as [string, string][],
    returns: "",
    throws: [] as string[],
    defaultValue: "",
    examples: [] as string[],
    see: [] as string[],
  };
  const parts = doc.split(
    /^@(?=(?:param|typeParam|returns?|throws|defaultValue|example|see|remarks|internal)\b)/m,
  );
  comment.text = (parts.shift() ?? "").trim();
  for (const part of parts) {
    const [, tag = "", rest = ""] = /^(\w+)\s*([\s\S]*)$/.exec(part) ?? [];
    const text = rest.trim();
    if (tag === "param" || tag === "typeParam") {
      const [, name = "", says = ""] = /^(\S+)\s*-?\s*([\s\S]*)$/.exec(text) ?? [];
      comment.params.push([name, says]);
    } else if (tag.startsWith("return")) comment.returns = text;
    else if (tag === "throws") comment.throws.push(text);
    else if (tag === "example") comment.examples.push(text);
    else if (tag === "see") comment.see.push(text);
    else if (tag === "remarks") comment.text += `\n\n${text}`;
    else if (tag === "defaultValue") comment.defaultValue = text;
  }
  return comment;
}

type LinkOf = (name: string) => string | undefined;

/** Text of a doc comment as Markdown: `{@link Name}` becomes a link, and `<` stays what it is. */
export function markdownOf(text: string, linkOf: LinkOf): string {
  return text
    .split(/(```[\s\S]*?```|`[^`]*`)/)
    .map((part, i) => {
      if (i % 2 === 1) return part;
      return part
        .replace(
          /\{@link(?:code|plain)?\s+(\S+?)(?:\s*\|\s*([^}]*))?\}/g,
          (_all, name: string, label?: string) => {
            const shown = label?.trim() || name;
            if (/^https?:/.test(name)) return `[${shown}](${name})`;
            const to = linkOf(name);
            return to === undefined ? `\`${shown}\`` : `[\`${shown}\`](${to})`;
          },
        )
        .replaceAll("<", "&lt;")
        .replaceAll("{{", "&#123;&#123;")
        .replace(/(?<![(<\]"])https?:\/\/[^\s),]+[^\s),.;]/g, (url) => `[${url}](${url})`);
    })
    .join("");
}

/** The same on one line, for cells and lists. */
export const lineOf = (text: string, linkOf: LinkOf): string =>
  markdownOf(text, linkOf).replaceAll(/\s*\n\s*/g, " ");
