/** @file What was recorded, by tensor instead of by step. */
import type { HistoryData, Numbers, SeriesData } from "../format/report-data.ts";
import { NOT_FINITE, quantize, scaleOf } from "../gather/picture.ts";
import type { Recorded, Series } from "./entry.ts";

const FULL = 255;

function seriesData(
  key: string,
  { place, dtype, shape, frame }: Series,
  records: readonly Recorded[],
  bins: number,
): SeriesData {
  const column = (read: (numbers: Numbers) => number): Float32Array =>
    Float32Array.from(records, ({ entries }) => {
      const entry = entries.get(key);
      return entry ? read(entry.numbers) : Number.NaN;
    });
  const cellCount = frame.positions.length;
  const cells = new Int8Array(records.length * cellCount).fill(NOT_FINITE);
  const histograms = new Uint8Array(records.length * bins);
  const scale = records.reduce(
    (most, { entries }) => Math.max(most, scaleOf(entries.get(key)?.values ?? [])),
    0,
  );
  for (const [i, { entries }] of records.entries()) {
    const entry = entries.get(key);
    if (!entry) continue;
    if (entry.values) quantize(entry.values, scale, cells, i * cellCount);
    const { histogram } = entry.numbers;
    const most = Math.max(1, ...histogram);
    histograms.set(
      histogram.map((count) => Math.ceil((FULL * count) / most)),
      i * bins,
    );
  }
  return {
    ...place,
    dtype,
    shape,
    mean: column(({ mean }) => mean),
    std: column(({ std }) => std),
    rms: column(({ rms }) => rms),
    min: column(({ min }) => min),
    max: column(({ max }) => max),
    zeros: column(({ zeros }) => zeros),
    nonFinite: column(({ nan, inf }) => nan + inf),
    histograms,
    frames: { shape: frame.shape, block: frame.block, scale, cells },
  };
}

export function historyOf(
  records: readonly Recorded[],
  series: ReadonlyMap<string, Series>,
  bins: number,
): HistoryData {
  const names = [...new Set(records.flatMap(({ scalars }) => Object.keys(scalars)))];
  return {
    steps: records.map(({ step }) => step),
    scalars: Object.fromEntries(
      names.map((name) => [name, Float32Array.from(records, ({ scalars }) => scalars[name] ?? Number.NaN)]),
    ),
    bins,
    series: [...series].map(([key, each]) => seriesData(key, each, records, bins)),
  };
}
