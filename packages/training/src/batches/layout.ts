/** @file What a record is made of, so that many of them make tensors. */
import { isTensor } from "@nnxjs/kernels/internal";
import { formatPath, NnxError, type Path } from "@nnxjs/nnx-core";
import { checkTensor, describe, isPlainObject } from "@nnxjs/nnx-core/internal";
import { type BatchDtype, checkArray, isArrayData, isNumberArray, noNumbers } from "./numbers.ts";

/** A number, boolean, array or tensor of a record. */
export interface Leaf {
  readonly kind: "leaf";
  readonly shape: readonly number[];
  readonly dtype: BatchDtype;
  /** Whether it is a tensor already. */
  readonly isTensor: boolean;
}

/** What a record has at its leaves. */
export type Layout = Leaf | { readonly kind: "fields"; readonly fields: Readonly<Record<string, Layout>> };

/** The dtypes that users ask for, by path. */
export type Dtypes = Readonly<Record<string, BatchDtype>>;

/** Where something in the data is, for errors. */
export const at = (where: string, path: Path): string =>
  path.length === 0 ? where : `${where} at ${formatPath(path)}`;

const leaf = (shape: readonly number[], dtype: BatchDtype, isTensor = false): Leaf => ({
  kind: "leaf",
  shape,
  dtype,
  isTensor,
});

const isInt32 = (x: number): boolean => (x | 0) === x;

/**
 * @throws NnxError for what is no number, boolean, array, tensor, or object of these, with its
 * path.
 */
export function layoutOf(where: string, path: Path, value: unknown): Layout {
  const here = at(where, path);
  if (typeof value === "number") return leaf([], isInt32(value) ? "int32" : "float32");
  if (typeof value === "boolean") return leaf([], "bool");
  if (isTensor(value)) {
    checkTensor(here, "the value", value);
    const { shape, dtype } = value;
    if (dtype === "float32" || dtype === "int32" || dtype === "bool") return leaf(shape, dtype, true);
    throw noNumbers(here, value);
  }
  if (isNumberArray(value) || isArrayData(value)) {
    const { shape, dtype } = checkArray(here, value);
    return leaf(shape, dtype);
  }
  if (Array.isArray(value)) return layoutOfList(where, path, value);
  if (!isPlainObject(value)) throw noNumbers(here, value);
  const fields = Object.entries(value).map(
    ([name, item]) => [name, layoutOf(where, [...path, name], item)] as const,
  );
  if (fields.length === 0)
    throw new NnxError(`${here}: expected fields, got ${describe(value)}. Give the object at least one.`);
  return { kind: "fields", fields: Object.fromEntries(fields) };
}

/** Numbers in arrays, nested to a rectangular shape. */
function layoutOfList(where: string, path: Path, list: readonly unknown[]): Leaf {
  let joined: Leaf | undefined;
  for (const [i, item] of list.entries()) {
    const inner = layoutOf(where, [...path, i], item);
    if (inner.kind !== "leaf" || inner.isTensor) throw noNumbers(at(where, [...path, i]), item);
    joined = joined ? (join(where, [...path, i], joined, inner) as Leaf) : inner;
  }
  return leaf([list.length, ...(joined?.shape ?? [])], joined?.dtype ?? "float32");
}

/**
 * The layout that both have: whole numbers among others are float32.
 * @throws NnxError when they differ in more than that.
 */
export function join(where: string, path: Path, first: Layout, next: Layout): Layout {
  if (first.kind === "fields" && next.kind === "fields") {
    const names = Object.keys(first.fields);
    const isSame =
      names.length === Object.keys(next.fields).length && names.every((name) => name in next.fields);
    if (isSame) {
      const fields = names.map((name) => [
        name,
        join(where, [...path, name], first.fields[name]!, next.fields[name]!),
      ]);
      return { kind: "fields", fields: Object.fromEntries(fields) };
    }
  } else if (first.kind === "leaf" && next.kind === "leaf") {
    const isBool = first.dtype === "bool";
    if (
      first.shape.join() === next.shape.join() &&
      first.isTensor === next.isTensor &&
      isBool === (next.dtype === "bool")
    )
      return first.dtype === "int32" ? { ...next } : first;
  }
  throw new NnxError(
    `${at(where, path)}: expected ${printed(first)} as in the first record, got ${printed(next)}. Records are alike.`,
  );
}

/** A layout in a few words. */
const printed = (layout: Layout): string =>
  layout.kind === "fields"
    ? `fields {${Object.keys(layout.fields).join(", ")}}`
    : `${layout.dtype}[${layout.shape.join(",")}]`;

/**
 * Refuses a record that does not fit in.
 * @throws NnxError with the path.
 */
export function checkFits(where: string, path: Path, layout: Layout, record: Layout): void {
  if (layout.kind === "leaf" && record.kind === "leaf") {
    const { dtype } = layout;
    const isHeld =
      dtype === record.dtype || dtype === "float32" || (dtype === "int32" && record.dtype === "bool");
    const isLike = layout.shape.join() === record.shape.join() && layout.isTensor === record.isTensor;
    if (isHeld && isLike) return;
    const advice =
      isLike && !isHeld
        ? `Ask for another dtype: { dtypes: { ${dtypeKey(path)}: "float32" } }.`
        : "Records are alike.";
    throw new NnxError(
      `${at(where, path)}: expected ${printed(layout)} as in the first records, got ${printed(record)}. ${advice}`,
    );
  }
  if (layout.kind === "leaf" || record.kind === "leaf") {
    join(where, path, layout, record);
    return;
  }
  const names = new Set([...Object.keys(layout.fields), ...Object.keys(record.fields)]);
  for (const name of names) {
    const [wanted, given] = [layout.fields[name], record.fields[name]];
    if (wanted && given) checkFits(where, [...path, name], wanted, given);
    else join(where, path, layout, record);
  }
}

/** The name under which `dtypes` has a leaf: its path without the positions of records. */
const dtypeKey = (path: Path): string => {
  const key = path.filter((part) => typeof part === "string").join(".");
  return /^\w+$/.test(key) ? key : JSON.stringify(key);
};

/**
 * A layout with the dtypes that were asked for.
 * @throws NnxError for names that it does not have, and what is no dtype.
 */
export function withDtypes(where: string, layout: Layout, dtypes: Dtypes): Layout {
  const open = new Map(Object.entries(dtypes));
  const change = (path: Path, inner: Layout): Layout => {
    if (inner.kind === "fields") {
      const fields = Object.entries(inner.fields).map(([name, item]) => [
        name,
        change([...path, name], item),
      ]);
      return { kind: "fields", fields: Object.fromEntries(fields) };
    }
    const key = path.join(".");
    const dtype = open.get(key);
    open.delete(key);
    return dtype === undefined ? inner : { ...inner, dtype };
  };
  for (const [name, dtype] of open) {
    if (["float32", "int32", "bool"].includes(dtype)) continue;
    throw new NnxError(
      `${where}: expected "float32", "int32" or "bool" in dtypes under ${name}, got ${describe(dtype)}.`,
    );
  }
  const changed = change([], layout);
  const [unknown] = open.keys();
  if (unknown === undefined) return changed;
  throw new NnxError(
    `${where}: expected dtypes of fields of the records, got one of ${describe(unknown)}. Name a field: a.b for one in an object.`,
  );
}
