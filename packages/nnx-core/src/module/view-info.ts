/** @file Lists the modes of a model's layers. */
import { checkOptions } from "../data/options.ts";
import { nameOf } from "../data/name-of.ts";
import type { Filter } from "../filter/filter.ts";
import { formatPath } from "../path.ts";
import { modesOf } from "./mode-changes.ts";

/** The documentation of a class's modes, by name. */
type ModeDocs = Readonly<Record<string, string>>;

const docsOf = (type: object): ModeDocs => {
  const docs: unknown = Reflect.get(type, "modes");
  return typeof docs === "object" && docs !== null ? (docs as ModeDocs) : {};
};

/** Which nodes {@link viewInfo} lists. */
export interface ViewInfoOptions {
  /** Which nodes. @defaultValue all */
  only?: Filter;
}

/**
 * The modes of a model as text. Each node with modes has a line with its path and class. Below it
 * are the names that its `setMode` reads (or that are plain attributes), with the present values. A
 * class documents them with
 * `static readonly modes = { deterministic: "Return the input unchanged." }`.
 * @param node - The model.
 * @see Flax `nnx.view_info`, which lists classes
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const model = new nnx.Sequential(new nnx.Dropout(0.5, { rngs: new nnx.Rngs(0) }));
 * console.log(nnx.viewInfo(model));
 * ```
 */
export function viewInfo(node: unknown, options: ViewInfoOptions = {}): string {
  checkOptions<ViewInfoOptions>("viewInfo", options, { only: true });
  const lines: string[] = [];
  for (const [path, each, names] of modesOf(node, options.only ?? true)) {
    const docs = docsOf(each.constructor);
    lines.push(`${formatPath(path)}: ${nameOf(each.constructor)}`);
    for (const name of names) {
      lines.push(`  ${name}: ${String(Reflect.get(each, name))}`);
      for (const line of docs[name]?.split("\n") ?? []) lines.push(`    ${line.trim()}`);
    }
  }
  return lines.join("\n");
}
