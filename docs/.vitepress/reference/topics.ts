/** @file The topics of the reference: the comments above the exports of the umbrella. */
import { readFileSync } from "node:fs";
import { slugOf } from "../markdown/slug.ts";

const umbrella = new URL("../../../packages/nnx/src/index.ts", import.meta.url);

/** A topic, with the names that are exported under it. */
export interface Topic {
  readonly title: string;
  readonly slug: string;
  readonly about: string;
  readonly names: readonly string[];
}

/** "Layers: linear", "Graph": a part of a package, or what stands before the colon. */
const titleOf = (about: string): string =>
  /^(?:Layers|Training|Uncertainty): [^,.]*/.exec(about)?.[0].replace(/, .*/, "") ??
  about.replace(/[:,] .*/, "").replace(/\.$/, "");

/** Topics in the order of the umbrella. Two exports below one comment are one topic. */
export function topics(): Topic[] {
  const found: { title: string; about: string; names: string[] }[] = [];
  const text = readFileSync(umbrella, "utf8");
  const block = /(?:^((?:\/\/ .*\n)+))?^export \{([^}]*)\} from/gm;
  for (const [, comment, names = ""] of text.matchAll(block)) {
    const own = names
      .split(",")
      .map((name) => name.trim().replace(/^type /, ""))
      .filter(Boolean);
    if (comment === undefined) {
      found.at(-1)!.names.push(...own);
      continue;
    }
    const about = comment
      .replaceAll(/^\/\/ /gm, "")
      .replaceAll("\n", " ")
      .trim();
    found.push({ title: titleOf(about), about, names: own });
  }
  return found.map((topic) => ({ ...topic, slug: slugOf(topic.title.replaceAll(":", "")) }));
}
