export { adam, type AdamOptions, scaleByAdam } from "./transformations/adam.ts";
export { adamw, type AdamWOptions, addDecayedWeights } from "./transformations/adamw.ts";
export { clip, clipByGlobalNorm } from "./transformations/clip.ts";
export {
  type CosineDecayOptions,
  cosineDecaySchedule,
  exponentialDecay,
  type ExponentialDecayOptions,
} from "./schedules/decay.ts";
export { lion, type LionOptions } from "./transformations/lion.ts";
export { OptArray, OptState, type OptStateTree, OptVariable } from "./optimizer/opt-state.ts";
export type { Gradients } from "./optimizer/gradients.ts";
export { Optimizer, type OptimizerOptions } from "./optimizer/optimizer.ts";
export { rmsprop, type RmsOptions, type RmspropOptions, scaleByRms } from "./transformations/rmsprop.ts";
export { type Schedule, scaleByLearningRate } from "./transformations/schedule.ts";
export { sgd, type SgdOptions } from "./transformations/sgd.ts";
export {
  chain,
  type GradientTransformation,
  type TransformationState,
} from "./transformations/transformation.ts";
export { mapTree, type Tree } from "./tree/tree.ts";
export { Metric } from "./metrics/metric.ts";
export { MultiMetric } from "./metrics/multi-metric.ts";
export * as metrics from "./metrics/index.ts";
export { AsyncBatches, type AsyncBatchesOptions, type RecordSource } from "./batches/async-batches.ts";
export { Batches, type BatchesOptions, type CommonBatchOptions } from "./batches/batches.ts";
export type { ArrayData, BatchDtype, NumberArray } from "./batches/numbers.ts";
export { BatchPosition, Positioned } from "./batches/position.ts";
export type { BatchData, BatchOf, Collated, ExampleRecord } from "./batches/types.ts";
export { loop, type LoopOptions } from "./loop/loop.ts";
export type { Progress } from "./loop/meter.ts";
export { pacer, type PacerOptions, type StopSignal } from "./loop/pacer.ts";
export type { Shown } from "./loop/shown.ts";
