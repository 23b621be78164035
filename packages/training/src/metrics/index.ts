export { Accuracy, type AccuracyOptions, TopKAccuracy } from "./accuracy.ts";
export { AUROC, type AUROCOptions } from "./auroc.ts";
export { type ArgnameOptions, Average, type ValuesUpdate } from "./average.ts";
export { ConfusionMatrix, type ConfusionMatrixOptions } from "./confusion-matrix.ts";
export { Metric, MetricState } from "./metric.ts";
export {
  type Computed,
  type Metrics,
  MultiMetric,
  type MultiMetricClass,
  type MultiUpdate,
} from "./multi-metric.ts";
export { type ClassAverage, type ClassMetricOptions, F1, Precision, Recall } from "./precision-recall.ts";
export type { LogitsUpdate } from "./predictions.ts";
export type { Rests } from "./sums.ts";
export type { Mask } from "./weights.ts";
export { type Statistics, Welford } from "./welford.ts";
