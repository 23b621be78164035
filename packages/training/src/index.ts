export { adam, type AdamOptions, scaleByAdam } from "./adam.ts";
export { OptArray, OptState, type OptStateTree, OptVariable } from "./opt-state.ts";
export { Optimizer, type OptimizerOptions } from "./optimizer.ts";
export { type Schedule, scaleByLearningRate } from "./schedule.ts";
export { chain, type GradientTransformation, type TransformationState } from "./transformation.ts";
export { mapTree, type Tree } from "./tree.ts";
