export { bits, clone, foldIn, key, keyData, PRNGKey, split, wrapKeyData } from "../keys/index.ts";
export { gumbel, type GumbelMode, type GumbelOptions } from "./gumbel.ts";
export { rademacher, randint } from "./integers.ts";
export type { Parameter } from "./kernel.ts";
export { cauchy, exponential, laplace, logistic } from "./log-uniform.ts";
export { lognormal, maxwell, normal, truncatedNormal } from "./normal.ts";
export { orthogonal, type OrthogonalOptions } from "./orthogonal.ts";
export { bernoulli, type BernoulliOptions, uniform, type UniformOptions } from "./uniform.ts";
