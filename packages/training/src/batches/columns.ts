/** @file Data that is all there, row by row: arrays, tensors, records, and objects of these. */
import { gatherAt, isTensor, newTensor, slice, type Tensor } from "@nnxjs/kernels/internal";
import { NnxError, type Path } from "@nnxjs/nnx-core";
import { checkTensor, describe, isPlainObject } from "@nnxjs/nnx-core/internal";
import { collate } from "./collate.ts";
import { at, type Dtypes, join, layoutOf, type Layout, withDtypes } from "./layout.ts";
import { checkArray, isArrayData, isNumberArray, noNumbers, takeRows } from "./numbers.ts";

/** Which rows to take: `count` from `from` on, of an order or of the data as they are. */
export interface Rows {
  readonly order: Int32Array | undefined;
  readonly from: number;
  readonly count: number;
}

const rowAt = ({ order, from }: Rows): ((i: number) => number) =>
  order ? (i) => order[from + i]! : (i) => from + i;

/**
 * Data by rows. An instance of a class, so that to the graph it is a static attribute: a State does
 * not hold the data.
 */
export class Columns {
  /** How many rows there are. */
  readonly length: number;
  /** The rows as tensors. Call it in a scope. */
  readonly take: (rows: Rows) => unknown;

  constructor(length: number, take: (rows: Rows) => unknown) {
    this.length = length;
    this.take = take;
  }
}

/**
 * @throws NnxError for data that are none of these, for columns of different lengths, and for
 * records that are not alike; with the path.
 */
export function columnsOf(where: string, data: unknown, dtypes: Dtypes): Columns {
  const open: Record<string, Dtypes[string]> = { ...dtypes };
  const columns = columnAt(where, [], data, open);
  const [unknown] = Object.keys(open);
  if (unknown === undefined) return columns;
  throw new NnxError(
    `${where}: expected dtypes of fields of records, got one of ${describe(unknown)}. Give typed arrays theirs as { data, shape, dtype }.`,
  );
}

function columnAt(where: string, path: Path, data: unknown, dtypes: Record<string, Dtypes[string]>): Columns {
  const here = at(where, path);
  if (isTensor(data)) return ofTensor(here, data);
  if (isNumberArray(data) || isArrayData(data)) {
    const array = checkArray(here, data);
    if (array.shape.length === 0) throw noRows(here, "a shape without axes");
    return new Columns(array.shape[0]!, (rows) => takeRows(array, rows.count, rowAt(rows)));
  }
  if (Array.isArray(data)) return ofRecords(where, path, data, dtypes);
  if (!isPlainObject(data)) throw noNumbers(here, data);
  return ofFields(where, path, data, dtypes);
}

const noRows = (here: string, got: string): NnxError =>
  new NnxError(`${here}: expected an axis of examples, got ${got}. The first axis is theirs.`);

function ofTensor(here: string, x: Tensor): Columns {
  checkTensor(here, "the data", x);
  if (!["float32", "int32", "bool"].includes(x.dtype)) throw noNumbers(here, x);
  if (x.rank === 0) throw noRows(here, describe(x));
  return new Columns(x.shape[0], ({ order, from, count }) => {
    checkTensor(here, "the data", x);
    if (!order) return slice(x, [from, ...x.shape.slice(1).fill(0)], [count, ...x.shape.slice(1)]);
    const rows = newTensor("int32", [count], (out) => out.set(order.subarray(from, from + count)));
    return gatherAt(x, rows);
  });
}

function ofRecords(
  where: string,
  path: Path,
  records: readonly unknown[],
  dtypes: Record<string, Dtypes[string]>,
): Columns {
  let layout: Layout | undefined;
  for (const [i, record] of records.entries()) {
    const own = layoutOf(where, [...path, i], record);
    layout = layout ? join(where, [...path, i], layout, own) : own;
  }
  if (!layout) return new Columns(0, () => undefined);
  const known = withDtypes(where, layout, takeBelow(path, dtypes));
  return new Columns(records.length, (rows) => {
    const place = rowAt(rows);
    const chosen = Array.from({ length: rows.count }, (_, i) => records[place(i)]);
    return collate(where, chosen, known, (i) => [...path, place(i)]);
  });
}

/** The dtypes below a path, which are taken out of the others. */
function takeBelow(path: Path, dtypes: Record<string, Dtypes[string]>): Dtypes {
  const prefix = path.join(".");
  const below: Record<string, Dtypes[string]> = {};
  for (const [key, dtype] of Object.entries(dtypes)) {
    const isBelow = prefix === "" || key === prefix || key.startsWith(`${prefix}.`);
    if (!isBelow) continue;
    below[prefix === "" ? key : key.slice(prefix.length + 1)] = dtype;
    Reflect.deleteProperty(dtypes, key);
  }
  return below;
}

function ofFields(where: string, path: Path, data: object, dtypes: Record<string, Dtypes[string]>): Columns {
  const columns = Object.entries(data).map(
    ([name, column]) => [name, columnAt(where, [...path, name], column, dtypes)] as const,
  );
  const [first] = columns;
  if (!first)
    throw new NnxError(
      `${at(where, path)}: expected arrays by name, got ${describe(data)}. Give the object a field.`,
    );
  for (const [name, { length }] of columns) {
    if (length === first[1].length) continue;
    throw new NnxError(
      `${at(where, [...path, name])}: expected ${first[1].length} examples, as many as ${first[0]} has, got ${length}. The first axis is that of the examples.`,
    );
  }
  return new Columns(first[1].length, (rows) =>
    Object.fromEntries(columns.map(([name, column]) => [name, column.take(rows)])),
  );
}
