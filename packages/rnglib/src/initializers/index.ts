export { constant, ones, onesInit, zeros, zerosInit } from "./constant.ts";
export type { FanOptions } from "./fans.ts";
export type { Initializer, KeylessInitializer, RankedInitializer } from "./initializer.ts";
export { deltaOrthogonal, orthogonal, type OrthogonalInitializerOptions } from "./orthogonal.ts";
export { normal, truncatedNormal, type TruncatedNormalOptions, uniform } from "./scaled.ts";
export {
  type FanMode,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  kaimingNormal,
  kaimingUniform,
  lecunNormal,
  lecunUniform,
  type ScaledDistribution,
  varianceScaling,
  xavierNormal,
  xavierUniform,
} from "./variance-scaling.ts";
