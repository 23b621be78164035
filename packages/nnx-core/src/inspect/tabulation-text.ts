/** @file The text of a table of calls, and of the shapes in it. */
import { isArrayLike } from "../data/array-like.ts";
import { containerKind, entriesOf, isContainer } from "../data/containers.ts";
import { nameOf } from "../data/name-of.ts";
import { formatPath } from "../path.ts";
import { type Amount, amountText } from "../variable/amount.ts";
import type { TabulatedVariable, Tabulation, TabulationRow } from "./tabulation.ts";
import { textTable } from "./text-table.ts";

/** A value in a few words, with `float32[2,3]` for arrays. */
export function shapeText(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return value.name || "(function)";
  if (typeof value !== "object" || value === null) return String(value);
  if (isArrayLike(value)) return `${value.dtype}[${value.shape.join(",")}]`;
  if (!isContainer(value)) return `${nameOf((value as object).constructor)}(...)`;
  if (Array.isArray(value)) return `[${value.map(shapeText).join(", ")}]`;
  const items = entriesOf(value).map(([key, item]) => `${String(key)}: ${shapeText(item)}`);
  const text = items.length === 0 ? "{}" : `{ ${items.join(", ")} }`;
  return containerKind(value) === "map" ? `Map ${text}` : text;
}

const variableText = ({ name, shape, dtype, metadata }: TabulatedVariable): string => {
  const more = Object.keys(metadata).length > 0 ? ` ${shapeText(metadata)}` : "";
  return `${name}: ${dtype}[${shape.join(",")}]${more}`;
};

/** The Variables of one type in a module, and how much is in it. */
function cell({ variables, amounts }: TabulationRow, type: string): string {
  const amount = amounts[type];
  const isArrays = type !== "RngState";
  return [
    ...(isArrays ? (variables[type] ?? []).map(variableText) : []),
    ...(amount ? [amountText(amount)] : []),
  ].join("\n");
}

export function tabulationText({ className, rows, totals, total }: Omit<Tabulation, "toString">): string {
  const types = Object.keys(totals);
  const head = ["path", "class", "inputs", "outputs", ...types];
  const body = rows.map((row) => [
    [row.path.length === 0 ? "" : formatPath(row.path), row.method === "forward" ? "" : row.method]
      .filter(Boolean)
      .join("/"),
    row.className,
    row.inputs.map(shapeText).join("\n"),
    shapeText(row.outputs),
    ...types.map((type) => cell(row, type)),
  ]);
  const foot = ["total", "", "", "", ...types.map((type) => amountText(totals[type] as Amount))];
  return [
    `${className}: ${amountText(total)}`,
    textTable(head, [...body, foot], { isLeft: () => true, separate: true }),
  ].join("\n");
}
