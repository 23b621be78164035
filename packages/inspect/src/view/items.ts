/** @file Tensors of a report with what was recorded of them, and both at a moment. */
import type {
  Numbers,
  PartPath,
  Picture,
  ReportData,
  SeriesData,
  TensorData,
} from "../format/report-data.ts";

type Known = Pick<TensorData, "where" | "path" | "call" | "of" | "part" | "shape" | "dtype" | "code">;

/** A tensor that is in the report, in the history, or in both. */
export interface Item extends Known {
  readonly key: string;
  readonly tensor?: TensorData;
  readonly series?: SeriesData;
}

export const keyOf = ({ where, path, call, of, part }: Omit<Known, "shape" | "dtype" | "code">): string =>
  JSON.stringify([where, path, call, of, part]);

export function itemsOf({ tensors, history }: ReportData): ReadonlyMap<string, Item> {
  const items = new Map<string, Item>();
  for (const tensor of tensors) {
    const key = keyOf(tensor);
    items.set(key, { ...tensor, key, tensor });
  }
  for (const series of history?.series ?? []) {
    const key = keyOf(series);
    const { where, path, call, of, part, shape, dtype, code } = series;
    items.set(key, { where, path, call, of, part, shape, dtype, code, key, ...items.get(key), series });
  }
  return items;
}

/**
 * A moment of the run: the index of a recorded step, or `undefined` for what the report itself has,
 * and the index of a step to subtract.
 */
export interface Moment {
  readonly at: number | undefined;
  readonly minus: number | undefined;
}

/** The cells of one step, or the difference of two. */
function frameAt({ frames }: SeriesData, steps: number, at: number, minus: number | undefined): Picture {
  const { shape, block, scale, cells } = frames;
  const size = cells.length / Math.max(1, steps);
  const now = cells.subarray(at * size, (at + 1) * size);
  const common = { shape, block, rows: shape[0] ?? 1 };
  if (minus === undefined) return { ...common, scale, cells: now };
  const before = cells.subarray(minus * size, (minus + 1) * size);
  let most = 0;
  for (let i = 0; i < size; i++) {
    if (now[i] === -128 || before[i] === -128) continue;
    most = Math.max(most, Math.abs((now[i] as number) - (before[i] as number)));
  }
  const difference = new Int8Array(size);
  for (let i = 0; i < size; i++) {
    const known = now[i] !== -128 && before[i] !== -128;
    difference[i] = known
      ? Math.round((127 * ((now[i] as number) - (before[i] as number))) / (most || 1))
      : -128;
  }
  return { ...common, scale: (scale * most) / 127, cells: difference };
}

/** The picture of an item at a moment; `undefined` if nothing was recorded. */
export function pictureAt(
  { tensor, series }: Item,
  { at, minus }: Moment,
  steps: number,
): Picture | undefined {
  if (series && steps > 0 && (at !== undefined || minus !== undefined))
    return frameAt(series, steps, at ?? steps - 1, minus);
  return at === undefined && minus === undefined ? tensor?.picture : undefined;
}

/** The numbers of an item at a moment. */
export function numbersAt(
  { tensor, series, shape }: Item,
  { at }: Moment,
  bins: number,
): Numbers | undefined {
  if (at === undefined) return tensor?.numbers;
  if (!series || Number.isNaN(series.zeros[at])) return undefined;
  const read = (column: Float32Array): number => column[at] as number;
  return {
    size: shape.reduce((size, length) => size * length, 1),
    mean: read(series.mean),
    std: read(series.std),
    rms: read(series.rms),
    min: read(series.min),
    max: read(series.max),
    zeros: read(series.zeros),
    nan: read(series.nonFinite),
    inf: 0,
    histogram: [...series.histograms.subarray(at * bins, (at + 1) * bins)],
  };
}

export const isBelow = (path: PartPath, above: PartPath): boolean =>
  above.every((part, i) => path[i] === part);
export const samePath = (a: PartPath, b: PartPath): boolean => a.length === b.length && isBelow(a, b);
