export {
  type CosineDecayOptions,
  cosineDecaySchedule,
  exponentialDecay,
  type ExponentialDecayOptions,
} from "./schedules/decay.ts";
export { OptArray, OptState, type OptStateTree, OptVariable } from "./optimizer/opt-state.ts";
export type { Gradients } from "./optimizer/gradients.ts";
export { Optimizer, type OptimizerOptions } from "./optimizer/optimizer.ts";
export type { Schedule } from "./schedules/schedule.ts";
export { scaleByLearningRate } from "./transformations/schedule.ts";
export { sgd, type SgdOptions } from "./transformations/sgd.ts";
export {
  chain,
  type ExtraArgs,
  type GradientTransformation,
  type TransformationState,
} from "./transformations/transformation.ts";
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
export type { Mask, MaskFilter, MaskTree } from "./transformations/mask.ts";
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
