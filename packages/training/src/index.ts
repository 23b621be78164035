export { adam, type AdamOptions, scaleByAdam } from "./transformations/adam.ts";
export { adamw, type AdamWOptions, addDecayedWeights } from "./transformations/adamw.ts";
export { clip, clipByGlobalNorm } from "./transformations/clip.ts";
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
