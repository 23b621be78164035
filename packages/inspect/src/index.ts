/** @file Reports on models and their runs. */
export type {
  FlagData,
  HistoryData,
  Numbers,
  PartPath,
  Picture,
  PredictionData,
  ReportData,
  SeriesData,
  StreamData,
  TensorData,
  TreeNode,
  Where,
} from "./format/report-data.ts";
export type { Captured } from "./gather/places.ts";
export type { PredictionOptions } from "./gather/predictions.ts";
export { inspect, type Inspectable, type InspectOptions } from "./inspect.ts";
export { Recorder, type RecorderOptions, type StepRecord } from "./recorder/recorder.ts";
export { Report } from "./report.ts";
export type { Mounted, MountOptions } from "./view/mount.ts";
