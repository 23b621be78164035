export type { Callable } from "./callable.ts";
export { dropConnectMoments, type OutputMoments } from "./analytic/drop-connect-moments.ts";
export {
  BatchEnsembleLinear,
  type BatchEnsembleLinearOptions,
  type FactorOptions,
} from "./ensemble/batch-ensemble-linear.ts";
export { BatchEnsemble, batchEnsemble, type BatchEnsembleOptions } from "./ensemble/batch-ensemble.ts";
export { Ensemble, ensemble, type EnsembleOptions, type Member } from "./ensemble/ensemble.ts";
export type { InitParam } from "./ensemble/reinitialize.ts";
export {
  type CalibrationOptions,
  expectedCalibrationError,
  type ReliabilityBin,
  reliabilityBins,
} from "./evaluation/calibration.ts";
export {
  aupr,
  auroc,
  evaluateOod,
  fprAtTpr,
  type FprOptions,
  type OodEvaluation,
  type Scores,
} from "./evaluation/ood.ts";
export {
  type SelectiveOptions,
  type SelectivePrediction,
  selectivePrediction,
} from "./evaluation/selective-prediction.ts";
export type { Decomposition } from "./measures/decomposition.ts";
export { entropy, entropyDecomposition, type EntropyOptions } from "./measures/entropy.ts";
export { predictiveMean } from "./measures/mean.ts";
export type { SampleMoments } from "./measures/moments.ts";
export type { NumberList, Numbers, Table } from "./measures/table.ts";
export { regressionDecomposition, varianceDecomposition } from "./measures/variance.ts";
export { maxProbabilityComplement, zeroOneDecomposition } from "./measures/zero-one.ts";
export type { Outputs, Samples } from "./sampling/collector.ts";
export type {
  CallOption,
  CollectOptions,
  KeepMoments,
  KeepSamples,
  SampleAsyncOptions,
  SampleOptions,
  SampleProgress,
} from "./sampling/options.ts";
export { sampleMembers, sampleMembersAsync } from "./sampling/sample-members.ts";
export { sample, sampleAsync } from "./sampling/sample.ts";
export { dropconnect, type DropConnectOptions } from "./transform/dropconnect.ts";
export { DropoutLinear } from "./transform/dropout-linear.ts";
export { dropout, type DropoutTransformOptions } from "./transform/dropout.ts";
export type { LayerOrder } from "./transform/layer-order.ts";
export type { TransformOptions } from "./transform/replace-linear.ts";
