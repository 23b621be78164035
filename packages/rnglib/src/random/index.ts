export { bits, clone, foldIn, key, keyData, PRNGKey, split, wrapKeyData } from "../keys/index.ts";
export type { BitsArrays, BitsOptions, Shape, SplitKeys } from "../keys/index.ts";
export { ball, generalizedNormal } from "./ball.ts";
export { binomial, multinomial } from "./binomial.ts";
export { categorical, type CategoricalOptions } from "./categorical.ts";
export { choice, type ChoiceOptions } from "./choice.ts";
export {
  doubleSidedMaxwell,
  geometric,
  pareto,
  rayleigh,
  triangular,
  weibullMin,
} from "./families.ts";
export { gamma, loggamma } from "./gamma.ts";
export { beta, chisquare, dirichlet, fisher as f, t } from "./gamma-quotients.ts";
export { gumbel, type GumbelMode, type GumbelOptions } from "./gumbel.ts";
export { rademacher, randint } from "./integers.ts";
export type { Parameter } from "./kernel.ts";
export { cauchy, exponential, laplace, logistic } from "./log-uniform.ts";
export { multivariateNormal, type MultivariateNormalOptions } from "./multivariate-normal.ts";
export { lognormal, maxwell, normal, truncatedNormal } from "./normal.ts";
export { orthogonal, type OrthogonalOptions } from "./orthogonal.ts";
export { permutation, type PermutationOptions } from "./permutation.ts";
export { poisson } from "./poisson.ts";
export { bernoulli, type BernoulliOptions, uniform, type UniformOptions } from "./uniform.ts";
export { wald } from "./wald.ts";
