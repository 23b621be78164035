/** @file Frames of a run as differences to the frame before, which compress better. */
import type { HistoryData, ReportData, SeriesData } from "./report-data.ts";

/** The sum wraps around, as bytes do, so that no difference is too large. */
function changed(cells: Int8Array, frame: number, sign: 1 | -1): Int8Array {
  const result = cells.slice();
  for (let i = frame; i < cells.length; i++)
    result[i] = (cells[i] as number) + sign * ((sign < 0 ? cells : result)[i - frame] as number);
  return result;
}

function mapFrames(data: ReportData, sign: 1 | -1): ReportData {
  const { history } = data;
  if (!history) return data;
  const change = (series: SeriesData): SeriesData => {
    const { cells, ...rest } = series.frames;
    const frame = cells.length / Math.max(1, history.steps.length);
    return { ...series, frames: { ...rest, cells: changed(cells, frame, sign) } };
  };
  const changedHistory: HistoryData = { ...history, series: history.series.map(change) };
  return { ...data, history: changedHistory };
}

export const withDeltas = (data: ReportData): ReportData => mapFrames(data, -1);
export const withoutDeltas = (data: ReportData): ReportData => mapFrames(data, 1);
