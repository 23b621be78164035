export {
  type CosineDecayOptions,
  cosineDecaySchedule,
  exponentialDecay,
  type ExponentialDecayOptions,
} from "./schedules/decay.ts";
export * as losses from "./losses/index.ts";
export { hingeLoss, perceptronLoss, sigmoidBinaryCrossEntropy, sparsemaxLoss } from "./losses/binary.ts";
export { cosineDistance, type CosineOptions, cosineSimilarity } from "./losses/cosine.ts";
export { ctcLoss, ctcLossWithForwardProbs, type CtcForwardProbs, type CtcOptions } from "./losses/ctc.ts";
export {
  convexKlDivergence,
  generalizedKlDivergence,
  klDivergence,
  klDivergenceWithLogTargets,
} from "./losses/divergence.ts";
export {
  type FenchelYoungLoss,
  type FenchelYoungOptions,
  makeFenchelYoungLoss,
} from "./losses/fenchel-young.ts";
export { sigmoidFocalLoss, type SigmoidFocalLossOptions } from "./losses/focal.ts";
export { type IntegerLabelOptions, softmaxCrossEntropyWithIntegerLabels } from "./losses/integer-labels.ts";
export type { ReductionOptions } from "./losses/masked-sum.ts";
export { multiclassHingeLoss, multiclassPerceptronLoss } from "./losses/multiclass.ts";
export { rankingSoftmaxLoss, type RankingReduction, type RankingSoftmaxOptions } from "./losses/ranking.ts";
export { huberLoss, type HuberLossOptions, l2Loss, logCosh, squaredError } from "./losses/regression.ts";
export {
  binaryDiceLoss,
  type BinaryDiceOptions,
  diceLoss,
  type DiceOptions,
  type GeneralizedDiceOptions,
  multiclassGeneralizedDiceLoss,
} from "./losses/segmentation.ts";
export {
  ntxent,
  type NtxentOptions,
  tripletMarginLoss,
  type TripletMarginOptions,
} from "./losses/self-supervised.ts";
export { smoothLabels } from "./losses/smooth-labels.ts";
export {
  polyLossCrossEntropy,
  type PolyLossOptions,
  safeSoftmaxCrossEntropy,
  softmaxCrossEntropy,
} from "./losses/softmax-cross-entropy.ts";
export { multiclassSparsemaxLoss } from "./losses/sparsemax.ts";
export type { BoundariesAndScales } from "./schedules/checks.ts";
export { joinSchedules } from "./schedules/join.ts";
export {
  type CosineOnecycleOptions,
  cosineOnecycleSchedule,
  type Interpolation,
  type LinearOnecycleOptions,
  linearOnecycleSchedule,
  piecewiseConstantSchedule,
  piecewiseInterpolateSchedule,
} from "./schedules/piecewise.ts";
export {
  constantSchedule,
  linearSchedule,
  polynomialSchedule,
  type TransitionOptions,
} from "./schedules/polynomial.ts";
export {
  type CosineCycle,
  sgdrSchedule,
  warmupConstantSchedule,
  type WarmupCosineOptions,
  warmupCosineDecaySchedule,
  warmupExponentialDecaySchedule,
} from "./schedules/warmup.ts";
export { OptArray, OptState, type OptStateTree, OptVariable } from "./optimizer/opt-state.ts";
export type { Gradients } from "./optimizer/gradients.ts";
export { EMA, type EMAOptions } from "./optimizer/ema.ts";
export type { UpdateExtra } from "./optimizer/extra.ts";
export {
  ModelAndOptimizer,
  Optimizer,
  OptimizerBase,
  type OptimizerOptions,
} from "./optimizer/optimizer.ts";
export { type ApplyGradientsOptions, TrainState, type TrainStateFields } from "./optimizer/train-state.ts";
export type { Schedule } from "./schedules/schedule.ts";
export { scaleByLearningRate } from "./transformations/schedule.ts";
export { sgd, type SgdOptions } from "./transformations/sgd.ts";
export { applyEvery } from "./transformations/apply-every.ts";
export { applyIfFinite } from "./transformations/apply-if-finite.ts";
export { type BacktrackingOptions, scaleByBacktrackingLinesearch } from "./transformations/backtracking.ts";
export {
  type ConditionFn,
  conditionallyMask,
  conditionallyTransform,
  type ConditionOptions,
} from "./transformations/conditional.ts";
export { keepParamsNonnegative, zeroNans } from "./transformations/constrain.ts";
export { ema, type EmaOptions } from "./transformations/ema.ts";
export { flatten } from "./transformations/flatten.ts";
export { freeze, type SelectiveTransformOptions, selectiveTransform } from "./transformations/freeze.ts";
export {
  injectHyperparams,
  type InjectOptions,
  injectStatefulHyperparams,
  type StatefulSchedule,
  WrappedSchedule,
} from "./transformations/inject-hyperparams.ts";
export { lbfgs, type LbfgsOptions, scaleByLbfgs, type ScaleByLbfgsOptions } from "./transformations/lbfgs.ts";
export { lookahead, type LookaheadOptions } from "./transformations/lookahead.ts";
export type { Mask, MaskFilter, MaskTree } from "./transformations/mask.ts";
export { masked, type MaskedOptions } from "./transformations/masked.ts";
export { trace, type TraceOptions } from "./transformations/momentum.ts";
export { type Measure, measureWithEma, monitor, snapshot } from "./transformations/monitor.ts";
export { MultiSteps, type MultiStepsOptions, type MultiStepsState } from "./transformations/multi-steps.ts";
export { namedChain } from "./transformations/named-chain.ts";
export { multiTransform, type ParamLabels, partition } from "./transformations/partition.ts";
export {
  type PolyakOptions,
  polyakSgd,
  type PolyakSgdOptions,
  scaleByPolyak,
} from "./transformations/polyak.ts";
export { scale, scaleBySchedule } from "./transformations/scale.ts";
export { type ShouldSkipUpdateFunction, skipLargeUpdates, skipNotFinite } from "./transformations/skip.ts";
export { setToZero, stateless, statelessWithTreeMap } from "./transformations/stateless.ts";
export {
  chain,
  type ExtraArgs,
  type GradientTransformation,
  identityTransformation,
  type TransformationState,
} from "./transformations/transformation.ts";
export { scaleByZoomLinesearch, type ZoomOptions } from "./transformations/zoom.ts";
export { applyUpdates, globalNorm, incrementalUpdate, periodicUpdate } from "./tree/arithmetic.ts";
export { mapTree, type Nested, type Tree } from "./tree/tree.ts";
export { adabelief, type AdabeliefOptions, scaleByBelief } from "./transformations/adabelief.ts";
export {
  adadelta,
  type AdadeltaOptions,
  scaleByAdadelta,
  type ScaleByAdadeltaOptions,
} from "./transformations/adadelta.ts";
export { adafactor, type AdafactorOptions } from "./transformations/adafactor.ts";
export { adagrad, type AdagradOptions, scaleByRss } from "./transformations/adagrad.ts";
export { adam, type AdamOptions, nadam, type NAdamOptions, scaleByAdam } from "./transformations/adam.ts";
export {
  adamax,
  type AdamaxOptions,
  adamaxw,
  type AdamaxWOptions,
  scaleByAdamax,
} from "./transformations/adamax.ts";
export { adamw, type AdamWOptions, nadamw, type NAdamWOptions } from "./transformations/adamw.ts";
export { adan, type AdanOptions, scaleByAdan, type ScaleByAdanOptions } from "./transformations/adan.ts";
export { adaptiveGradClip, type AdaptiveGradClipOptions } from "./transformations/adaptive-clip.ts";
export { amsgrad, type AmsgradOptions, scaleByAmsgrad } from "./transformations/amsgrad.ts";
export { clip, clipByGlobalNorm } from "./transformations/clip.ts";
export {
  type DistanceOverGradientsOptions,
  scaleByDistanceOverGradients,
} from "./transformations/distance.ts";
export { type FactoredRmsOptions, scaleByFactoredRms } from "./transformations/factored-rms.ts";
export { lion, type LionOptions, scaleByLion, type ScaleByLionOptions } from "./transformations/lion.ts";
export { addNoise, type AddNoiseOptions, noisySgd, type NoisySgdOptions } from "./transformations/noise.ts";
export { centralize, normalizeByUpdateNorm, type NormalizeOptions } from "./transformations/normalize.ts";
export { novograd, type NovogradOptions, scaleByNovograd } from "./transformations/novograd.ts";
export {
  optimisticAdam,
  type OptimisticAdamOptions,
  optimisticAdamV2,
  type OptimisticAdamV2Options,
  optimisticGradientDescent,
  type OptimisticOptions,
  scaleByOptimisticGradient,
} from "./transformations/optimistic.ts";
export {
  clipByBlockRms,
  type ParamBlockOptions,
  scaleByParamBlockNorm,
  scaleByParamBlockRms,
} from "./transformations/param-block.ts";
export { radam, type RAdamOptions, scaleByRadam } from "./transformations/radam.ts";
export {
  rmsprop,
  type RmsOptions,
  type RmspropOptions,
  scaleByRms,
  scaleByStddev,
  type StddevOptions,
} from "./transformations/rmsprop.ts";
export { rprop, type RpropOptions, scaleByRprop } from "./transformations/rprop.ts";
export { scaleBySign, signSgd, signum, type SignumOptions } from "./transformations/sign.ts";
export { scaleBySm3, type ScaleBySm3Options, sm3, type Sm3Options } from "./transformations/sm3.ts";
export {
  fromage,
  type FromageOptions,
  lamb,
  type LambOptions,
  lars,
  type LarsOptions,
  scaleByTrustRatio,
  type TrustRatioOptions,
} from "./transformations/trust-ratio.ts";
export { addDecayedWeights, type DecayOptions } from "./transformations/weight-decay.ts";
export { scaleByYogi, type ScaleByYogiOptions, yogi, type YogiOptions } from "./transformations/yogi.ts";
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
