// Losses.
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

// Schedules.
export type { Schedule } from "./schedules/schedule.ts";
export {
  type CosineDecayOptions,
  cosineDecaySchedule,
  exponentialDecay,
  type ExponentialDecayOptions,
} from "./schedules/decay.ts";
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

// The Optimizer.
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

// Transformations, and chains of them.
export { scale, scaleBySchedule } from "./transformations/scale.ts";
export { scaleByLearningRate } from "./transformations/schedule.ts";
export { setToZero, stateless, statelessWithTreeMap } from "./transformations/stateless.ts";
export {
  chain,
  type ExtraArgs,
  type GradientTransformation,
  identityTransformation,
  type TransformationState,
} from "./transformations/transformation.ts";

// Transformations of some of the parameters.
export {
  freeze,
  type SelectiveTransformOptions,
  selectiveTransform,
} from "./transformations/masks/freeze.ts";
export type { Mask, MaskFilter, MaskTree } from "./transformations/masks/mask.ts";
export { masked, type MaskedOptions } from "./transformations/masks/masked.ts";
export { multiTransform, type ParamLabels, partition } from "./transformations/masks/partition.ts";

// Update rules.
export { adabelief, type AdabeliefOptions, scaleByBelief } from "./transformations/rules/adabelief.ts";
export {
  adadelta,
  type AdadeltaOptions,
  scaleByAdadelta,
  type ScaleByAdadeltaOptions,
} from "./transformations/rules/adadelta.ts";
export { adafactor, type AdafactorOptions } from "./transformations/rules/adafactor.ts";
export { adagrad, type AdagradOptions, scaleByRss } from "./transformations/rules/adagrad.ts";
export {
  adam,
  type AdamOptions,
  nadam,
  type NAdamOptions,
  scaleByAdam,
} from "./transformations/rules/adam.ts";
export {
  adamax,
  type AdamaxOptions,
  adamaxw,
  type AdamaxWOptions,
  scaleByAdamax,
} from "./transformations/rules/adamax.ts";
export { adamw, type AdamWOptions, nadamw, type NAdamWOptions } from "./transformations/rules/adamw.ts";
export {
  adan,
  type AdanOptions,
  scaleByAdan,
  type ScaleByAdanOptions,
} from "./transformations/rules/adan.ts";
export { amsgrad, type AmsgradOptions, scaleByAmsgrad } from "./transformations/rules/amsgrad.ts";
export {
  type DistanceOverGradientsOptions,
  scaleByDistanceOverGradients,
} from "./transformations/rules/distance.ts";
export { type FactoredRmsOptions, scaleByFactoredRms } from "./transformations/rules/factored-rms.ts";
export {
  lion,
  type LionOptions,
  scaleByLion,
  type ScaleByLionOptions,
} from "./transformations/rules/lion.ts";
export {
  addNoise,
  type AddNoiseOptions,
  noisySgd,
  type NoisySgdOptions,
} from "./transformations/rules/noise.ts";
export { novograd, type NovogradOptions, scaleByNovograd } from "./transformations/rules/novograd.ts";
export {
  optimisticAdam,
  type OptimisticAdamOptions,
  optimisticAdamV2,
  type OptimisticAdamV2Options,
  optimisticGradientDescent,
  type OptimisticOptions,
  scaleByOptimisticGradient,
} from "./transformations/rules/optimistic.ts";
export { radam, type RAdamOptions, scaleByRadam } from "./transformations/rules/radam.ts";
export {
  rmsprop,
  type RmsOptions,
  type RmspropOptions,
  scaleByRms,
  scaleByStddev,
  type StddevOptions,
} from "./transformations/rules/rmsprop.ts";
export { rprop, type RpropOptions, scaleByRprop } from "./transformations/rules/rprop.ts";
export { sgd, type SgdOptions } from "./transformations/rules/sgd.ts";
export { scaleBySign, signSgd, signum, type SignumOptions } from "./transformations/rules/sign.ts";
export { scaleBySm3, type ScaleBySm3Options, sm3, type Sm3Options } from "./transformations/rules/sm3.ts";
export {
  fromage,
  type FromageOptions,
  lamb,
  type LambOptions,
  lars,
  type LarsOptions,
  scaleByTrustRatio,
  type TrustRatioOptions,
} from "./transformations/rules/trust-ratio.ts";
export {
  scaleByYogi,
  type ScaleByYogiOptions,
  yogi,
  type YogiOptions,
} from "./transformations/rules/yogi.ts";

// Parts of rules.
export { adaptiveGradClip, type AdaptiveGradClipOptions } from "./transformations/parts/adaptive-clip.ts";
export { clip, clipByGlobalNorm } from "./transformations/parts/clip.ts";
export { keepParamsNonnegative, zeroNans } from "./transformations/parts/constrain.ts";
export { ema, type EmaOptions } from "./transformations/parts/ema.ts";
export { trace, type TraceOptions } from "./transformations/parts/momentum.ts";
export {
  centralize,
  normalizeByUpdateNorm,
  type NormalizeOptions,
} from "./transformations/parts/normalize.ts";
export {
  clipByBlockRms,
  type ParamBlockOptions,
  scaleByParamBlockNorm,
  scaleByParamBlockRms,
} from "./transformations/parts/param-block.ts";
export { addDecayedWeights, type DecayOptions } from "./transformations/parts/weight-decay.ts";

// Line searches.
export {
  type BacktrackingOptions,
  scaleByBacktrackingLinesearch,
} from "./transformations/line-search/backtracking.ts";
export {
  lbfgs,
  type LbfgsOptions,
  scaleByLbfgs,
  type ScaleByLbfgsOptions,
} from "./transformations/line-search/lbfgs.ts";
export {
  type PolyakOptions,
  polyakSgd,
  type PolyakSgdOptions,
  scaleByPolyak,
} from "./transformations/line-search/polyak.ts";
export { scaleByZoomLinesearch, type ZoomOptions } from "./transformations/line-search/zoom.ts";

// Transformations of transformations.
export { applyEvery } from "./transformations/wrappers/apply-every.ts";
export { applyIfFinite } from "./transformations/wrappers/apply-if-finite.ts";
export {
  type ConditionFn,
  conditionallyMask,
  conditionallyTransform,
  type ConditionOptions,
} from "./transformations/wrappers/conditional.ts";
export { flatten } from "./transformations/wrappers/flatten.ts";
export {
  injectHyperparams,
  type InjectOptions,
  injectStatefulHyperparams,
  type StatefulSchedule,
  WrappedSchedule,
} from "./transformations/wrappers/inject-hyperparams.ts";
export { lookahead, type LookaheadOptions } from "./transformations/wrappers/lookahead.ts";
export { type Measure, measureWithEma, monitor, snapshot } from "./transformations/wrappers/monitor.ts";
export {
  MultiSteps,
  type MultiStepsOptions,
  type MultiStepsState,
} from "./transformations/wrappers/multi-steps.ts";
export { namedChain } from "./transformations/wrappers/named-chain.ts";
export {
  type ShouldSkipUpdateFunction,
  skipLargeUpdates,
  skipNotFinite,
} from "./transformations/wrappers/skip.ts";

// Parameters as trees.
export { applyUpdates, globalNorm, incrementalUpdate, periodicUpdate } from "./tree/arithmetic.ts";
export { mapTree, type Nested, type Tree } from "./tree/tree.ts";

// Metrics.
export { Metric } from "./metrics/metric.ts";
export { MultiMetric } from "./metrics/multi-metric.ts";
export * as metrics from "./metrics/index.ts";

// Batches and loops.
export { AsyncBatches, type AsyncBatchesOptions, type RecordSource } from "./batches/async-batches.ts";
export { Batches, type BatchesOptions, type CommonBatchOptions } from "./batches/batches.ts";
export type { ArrayData, BatchDtype, NumberArray } from "./batches/numbers.ts";
export { BatchPosition, Positioned } from "./batches/position.ts";
export type {
  BatchData,
  BatchOf,
  Collated,
  ExampleRecord,
  FittingData,
  FittingRecord,
} from "./batches/types.ts";
export { loop, type LoopOptions } from "./loop/loop.ts";
export type { Progress } from "./loop/meter.ts";
export { pacer, type PacerOptions, type StopSignal } from "./loop/pacer.ts";
export type { Shown } from "./loop/shown.ts";
