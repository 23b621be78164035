/** @file Variables and values as text in one line. */
import { isArrayLike } from "../data/array-like.ts";
import { isContainer } from "../data/containers.ts";
import { hashOf } from "../data/hash.ts";
import { describe } from "../errors.ts";
import { isReachable, isTensor } from "../tensor.ts";
import type { VariableType } from "./variable-state.ts";

/** How many values a text shows. */
const shown = 3;

/** The first values of a tensor that can be read at once, and a hash of all. */
function valuesText(value: unknown): string {
  if (!isTensor(value) || value.isDisposed || value.dtype === "string" || !isReachable()) return "";
  const values: ArrayLike<number> = value.dataSync();
  const first = Array.from(values).slice(0, shown);
  const more = values.length > shown ? `, ... #${hashOf(values)}` : "";
  return ` [${first.map((x) => String(Number(x.toPrecision(4)))).join(", ")}${more}]`;
}

/** A value in a few words: dtype and shape of an array. */
export function valueText(value: unknown, withValues = false): string {
  if (isTensor(value) && value.isDisposed) return "disposed";
  if (isArrayLike(value)) {
    const text = `${value.dtype}[${value.shape.join(",")}]`;
    if (value.dtype.startsWith("key") && value.shape.length === 0)
      return (value as { toString(): string }).toString();
    return withValues ? `${text}${valuesText(value)}` : text;
  }
  if (isContainer(value)) return describe(value);
  return describe(value).replace(/^an? /, "");
}

/** The type's name, and the value in a few words. */
export const variableText = (type: VariableType, value: unknown, withValues = false): string =>
  `${type.typeName} ${valueText(value, withValues)}`;
