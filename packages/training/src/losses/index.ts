/** @file The losses of optax. */
export { hingeLoss, perceptronLoss, sigmoidBinaryCrossEntropy, sparsemaxLoss } from "./binary.ts";
export { cosineDistance, type CosineOptions, cosineSimilarity } from "./cosine.ts";
export { ctcLoss, ctcLossWithForwardProbs, type CtcForwardProbs, type CtcOptions } from "./ctc.ts";
export {
  convexKlDivergence,
  generalizedKlDivergence,
  klDivergence,
  klDivergenceWithLogTargets,
} from "./divergence.ts";
export { type FenchelYoungLoss, type FenchelYoungOptions, makeFenchelYoungLoss } from "./fenchel-young.ts";
export { sigmoidFocalLoss, type SigmoidFocalLossOptions } from "./focal.ts";
export { type IntegerLabelOptions, softmaxCrossEntropyWithIntegerLabels } from "./integer-labels.ts";
export type { ReductionOptions } from "./masked-sum.ts";
export { multiclassHingeLoss, multiclassPerceptronLoss } from "./multiclass.ts";
export { rankingSoftmaxLoss, type RankingReduction, type RankingSoftmaxOptions } from "./ranking.ts";
export { huberLoss, type HuberLossOptions, l2Loss, logCosh, squaredError } from "./regression.ts";
export {
  binaryDiceLoss,
  type BinaryDiceOptions,
  diceLoss,
  type DiceOptions,
  type GeneralizedDiceOptions,
  multiclassGeneralizedDiceLoss,
} from "./segmentation.ts";
export {
  ntxent,
  type NtxentOptions,
  tripletMarginLoss,
  type TripletMarginOptions,
} from "./self-supervised.ts";
export { smoothLabels } from "./smooth-labels.ts";
export {
  polyLossCrossEntropy,
  type PolyLossOptions,
  safeSoftmaxCrossEntropy,
  softmaxCrossEntropy,
} from "./softmax-cross-entropy.ts";
export { multiclassSparsemaxLoss } from "./sparsemax.ts";
