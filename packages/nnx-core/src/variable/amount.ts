/** @file How many numbers and bytes values hold. */
import { isArrayLike } from "../data/array-like.ts";
import { isContainer, itemsOf } from "../data/containers.ts";
import type { VariableType } from "./variable-state.ts";

/** How much Variables hold. */
export interface Amount {
  /** Numbers in tensors. A key counts as one, and so does a plain number. */
  readonly count: number;
  /** Of tensors by dtype; 8 for a key, 4 for a plain number. */
  readonly bytes: number;
}

const bytesPerElement: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  bool: 1,
  complex64: 8,
};

const none: Amount = { count: 0, bytes: 0 };

export const plus = (a: Amount = none, b: Amount = none): Amount => ({
  count: a.count + b.count,
  bytes: a.bytes + b.bytes,
});

/** How much a value holds. Keys have two words of 32 bits, plain numbers count as 32 bits. */
export function amountOf(value: unknown): Amount {
  if (typeof value === "number") return { count: 1, bytes: 4 };
  if (typeof value !== "object" || value === null) return none;
  if (isArrayLike(value)) {
    const count = value.shape.reduce((product, size) => product * size, 1);
    const each = value.dtype.startsWith("key") ? 8 : (bytesPerElement[value.dtype] ?? 0);
    return { count, bytes: count * each };
  }
  if (!isContainer(value)) return none;
  let sum = none;
  for (const item of itemsOf(value)) sum = plus(sum, amountOf(item));
  return sum;
}

/**
 * The name under which a type is counted: its own, but `RngState` for all types of random state, as
 * Flax has it.
 */
export function headingOf(type: VariableType): string {
  for (let at: unknown = type; typeof at === "function"; at = Object.getPrototypeOf(at) as unknown)
    if (Object.hasOwn(at, "typeName") && Reflect.get(at, "typeName") === "RngState") return "RngState";
  return type.typeName;
}

/** Bytes with a unit of 1000, as Flax prints them. */
function bytesText(bytes: number): string {
  if (bytes > 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  if (bytes > 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  return bytes > 1e3 ? `${(bytes / 1e3).toFixed(1)} KB` : `${bytes} B`;
}

export const amountText = ({ count, bytes }: Amount): string =>
  `${count.toLocaleString("en-US")} (${bytesText(bytes)})`;
