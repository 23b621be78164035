export { bits, clone, foldIn, key, keyData, PRNGKey, split, wrapKeyData } from "../keys/index.ts";
export { normal, truncatedNormal } from "./normal.ts";
export { bernoulli, type BernoulliOptions, uniform, type UniformOptions } from "./uniform.ts";
