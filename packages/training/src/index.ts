export { adam, type AdamOptions, scaleByAdam } from "./adam.ts";
export { adamw, type AdamWOptions, addDecayedWeights } from "./adamw.ts";
export { clip, clipByGlobalNorm } from "./clip.ts";
export {
  type CosineDecayOptions,
  cosineDecaySchedule,
  exponentialDecay,
  type ExponentialDecayOptions,
} from "./decay.ts";
export { lion, type LionOptions } from "./lion.ts";
export { OptArray, OptState, type OptStateTree, OptVariable } from "./opt-state.ts";
export type { Gradients } from "./gradients.ts";
export { Optimizer, type OptimizerOptions } from "./optimizer.ts";
export { rmsprop, type RmsOptions, type RmspropOptions, scaleByRms } from "./rmsprop.ts";
export { type Schedule, scaleByLearningRate } from "./schedule.ts";
export { sgd, type SgdOptions } from "./sgd.ts";
export { chain, type GradientTransformation, type TransformationState } from "./transformation.ts";
export { mapTree, type Tree } from "./tree.ts";
