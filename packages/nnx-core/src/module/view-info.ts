/** @file What modes a model's layers have. */
import type { Filter } from "../filter/filter.ts";
import { nodesWithModes, standInFor } from "./modes.ts";

/** What a class may say about its modes: a sentence for each name. */
type ModeDocs = Readonly<Record<string, string>>;

/** The names that `setMode` asks for: it is run on a stand-in, with values that are all missing. */
function modesOf(node: Parameters<typeof standInFor>[0] & { setMode(values: never): unknown }): string[] {
  const asked = new Set<string>();
  const note = (name: string | symbol): void => {
    if (typeof name === "string") asked.add(name);
  };
  const values = new Proxy(
    {},
    {
      get: (_, name) => note(name),
      has: (_, name) => {
        note(name);
        return false;
      },
    },
  );
  standInFor(node).setMode(values as never);
  return [...asked].sort();
}

const docsOf = (type: object): ModeDocs => {
  const docs: unknown = Reflect.get(type, "modes");
  return typeof docs === "object" && docs !== null ? (docs as ModeDocs) : {};
};

/**
 * The modes of a model as text: each class of nodes that has some, sorted, with the names that its `setMode` asks for and the
 * present value. A class documents them with `static readonly modes = { deterministic: "Return the input unchanged." }`.
 * @see Flax `nnx.view_info`
 * @example
 * ```ts
 * console.log(nnx.viewInfo(model));
 * ```
 */
export function viewInfo(node: unknown, { only = true }: { only?: Filter } = {}): string {
  const blocks = new Map<string, string>();
  for (const [, each] of nodesWithModes(node, only)) {
    const { name } = each.constructor;
    if (blocks.has(name)) continue;
    const docs = docsOf(each.constructor);
    const lines = modesOf(each).flatMap((mode) => {
      const doc = docs[mode];
      const now = `  ${mode}: ${String(Reflect.get(each, mode))}`;
      return doc === undefined ? [now] : [now, `    ${doc}`];
    });
    blocks.set(name, [`${name}:`, ...lines].join("\n"));
  }
  return [...blocks.keys()]
    .sort()
    .map((name) => blocks.get(name))
    .join("\n");
}
