/** @file Laws for models, arbitraries of what models are made of, and equality. */
export { codeOf } from "./arbitraries/code.ts";
export { keys, type KeysOptions, rngs, type RngsOptions, seeds } from "./arbitraries/keys.ts";
export { AnyModule, models, type ModelsOptions } from "./arbitraries/models.ts";
export { shapes, type ShapesOptions, tensors, type TensorsOptions } from "./arbitraries/tensors.ts";
export { filters, states, variables } from "./arbitraries/variables.ts";
export type { Difference } from "./equality/differences.ts";
export { areEqual, assertEqual, differences } from "./equality/equal.ts";
export { type MatcherResult, nnxMatchers } from "./equality/matchers.ts";
export { type Tolerance, ulpsBetween } from "./equality/tolerance.ts";
export { checkKeyReuse, KeyReuseError, type KeyUse, trackKeys } from "./keys/reuse.ts";
export {
  checkAvalanche,
  checkDistribution,
  checkIndependentStreams,
  checkUniformBits,
  type StatisticsOptions,
} from "./keys/statistics.ts";
export { checkBackends } from "./laws/backends.ts";
export { checkCapture } from "./laws/capture.ts";
export { checkCheckpoint } from "./laws/checkpoint.ts";
export { checkGradients, type GradientsOptions } from "./laws/gradients.ts";
export { checkJit } from "./laws/jit.ts";
export { LawError, type LawOptions, type Violation } from "./laws/law.ts";
export { checkNoLeaks, type LeakOptions } from "./laws/leaks.ts";
export { checkModel, type ModelOptions } from "./laws/model.ts";
export { checkModes } from "./laws/modes.ts";
export { checkRngDeterminism, type RngOptions } from "./laws/rng-determinism.ts";
export { checkSplitMerge, type SplitMergeOptions } from "./laws/split-merge.ts";
export { checkVmap } from "./laws/vmap.ts";
export type { CheckOptions, ForwardOf, MakeModel } from "./laws/subject.ts";
