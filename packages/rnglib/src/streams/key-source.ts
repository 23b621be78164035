/** @file Everything that gives keys can draw: one list of samplers and initializers for streams and collections of streams. */
import { GraphNode } from "@nnxjs/nnx-core";
import * as initializers from "../initializers/index.ts";
import type { Initializer, KeylessInitializer } from "../initializers/initializer.ts";
import type { BitsArrays, BitsOptions, PRNGKey } from "../keys/index.ts";
import type { Shape } from "../keys/shape.ts";
import * as random from "../random/index.ts";
import type { Tensor } from "../tensor.ts";

/** The arguments of a sampler behind the key. */
type Rest<F> = F extends (key: PRNGKey, ...rest: infer R) => Tensor ? R : never;

const keyless =
  (source: KeySource, initializer: Initializer): KeylessInitializer =>
  (shape, dtype) =>
    initializer(source.nextKey(), shape, dtype);

/**
 * Draws from the next key: `source.normal([2, 3])` is `random.normal(source.nextKey(), [2, 3])`, and so for every sampler;
 * `source.heNormal()([2, 3])` is `initializers.heNormal()(source.nextKey(), [2, 3])`, and so for every initializer.
 */
export abstract class KeySource extends GraphNode {
  abstract nextKey(): PRNGKey;

  /** As `random.bits`, with the next key. */
  bits<W extends keyof BitsArrays = 32>(shape?: Shape, options?: BitsOptions<W>): BitsArrays[W] {
    return random.bits(this.nextKey(), shape, options);
  }

  /** As `random.ball`, with the next key. */
  ball(...rest: Rest<typeof random.ball>): Tensor {
    return random.ball(this.nextKey(), ...rest);
  }

  /** As `random.bernoulli`, with the next key. */
  bernoulli(...rest: Rest<typeof random.bernoulli>): Tensor {
    return random.bernoulli(this.nextKey(), ...rest);
  }

  /** As `random.beta`, with the next key. */
  beta(...rest: Rest<typeof random.beta>): Tensor {
    return random.beta(this.nextKey(), ...rest);
  }

  /** As `random.binomial`, with the next key. */
  binomial(...rest: Rest<typeof random.binomial>): Tensor {
    return random.binomial(this.nextKey(), ...rest);
  }

  /** As `random.categorical`, with the next key. */
  categorical(...rest: Rest<typeof random.categorical>): Tensor {
    return random.categorical(this.nextKey(), ...rest);
  }

  /** As `random.cauchy`, with the next key. */
  cauchy(...rest: Rest<typeof random.cauchy>): Tensor {
    return random.cauchy(this.nextKey(), ...rest);
  }

  /** As `random.chisquare`, with the next key. */
  chisquare(...rest: Rest<typeof random.chisquare>): Tensor {
    return random.chisquare(this.nextKey(), ...rest);
  }

  /** As `random.choice`, with the next key. */
  choice(...rest: Rest<typeof random.choice>): Tensor {
    return random.choice(this.nextKey(), ...rest);
  }

  /** As `random.dirichlet`, with the next key. */
  dirichlet(...rest: Rest<typeof random.dirichlet>): Tensor {
    return random.dirichlet(this.nextKey(), ...rest);
  }

  /** As `random.doubleSidedMaxwell`, with the next key. */
  doubleSidedMaxwell(...rest: Rest<typeof random.doubleSidedMaxwell>): Tensor {
    return random.doubleSidedMaxwell(this.nextKey(), ...rest);
  }

  /** As `random.exponential`, with the next key. */
  exponential(...rest: Rest<typeof random.exponential>): Tensor {
    return random.exponential(this.nextKey(), ...rest);
  }

  /** As `random.f`, with the next key. */
  f(...rest: Rest<typeof random.f>): Tensor {
    return random.f(this.nextKey(), ...rest);
  }

  /** As `random.gamma`, with the next key. */
  gamma(...rest: Rest<typeof random.gamma>): Tensor {
    return random.gamma(this.nextKey(), ...rest);
  }

  /** As `random.generalizedNormal`, with the next key. */
  generalizedNormal(...rest: Rest<typeof random.generalizedNormal>): Tensor {
    return random.generalizedNormal(this.nextKey(), ...rest);
  }

  /** As `random.geometric`, with the next key. */
  geometric(...rest: Rest<typeof random.geometric>): Tensor {
    return random.geometric(this.nextKey(), ...rest);
  }

  /** As `random.gumbel`, with the next key. */
  gumbel(...rest: Rest<typeof random.gumbel>): Tensor {
    return random.gumbel(this.nextKey(), ...rest);
  }

  /** As `random.laplace`, with the next key. */
  laplace(...rest: Rest<typeof random.laplace>): Tensor {
    return random.laplace(this.nextKey(), ...rest);
  }

  /** As `random.loggamma`, with the next key. */
  loggamma(...rest: Rest<typeof random.loggamma>): Tensor {
    return random.loggamma(this.nextKey(), ...rest);
  }

  /** As `random.logistic`, with the next key. */
  logistic(...rest: Rest<typeof random.logistic>): Tensor {
    return random.logistic(this.nextKey(), ...rest);
  }

  /** As `random.lognormal`, with the next key. */
  lognormal(...rest: Rest<typeof random.lognormal>): Tensor {
    return random.lognormal(this.nextKey(), ...rest);
  }

  /** As `random.maxwell`, with the next key. */
  maxwell(...rest: Rest<typeof random.maxwell>): Tensor {
    return random.maxwell(this.nextKey(), ...rest);
  }

  /** As `random.multinomial`, with the next key. */
  multinomial(...rest: Rest<typeof random.multinomial>): Tensor {
    return random.multinomial(this.nextKey(), ...rest);
  }

  /** As `random.multivariateNormal`, with the next key. */
  multivariateNormal(...rest: Rest<typeof random.multivariateNormal>): Tensor {
    return random.multivariateNormal(this.nextKey(), ...rest);
  }

  /** As `random.normal`, with the next key. */
  normal(...rest: Rest<typeof random.normal>): Tensor {
    return random.normal(this.nextKey(), ...rest);
  }

  /** As `random.orthogonal`, with the next key. */
  orthogonal(...rest: Rest<typeof random.orthogonal>): Tensor {
    return random.orthogonal(this.nextKey(), ...rest);
  }

  /** As `random.pareto`, with the next key. */
  pareto(...rest: Rest<typeof random.pareto>): Tensor {
    return random.pareto(this.nextKey(), ...rest);
  }

  /** As `random.permutation`, with the next key. */
  permutation(...rest: Rest<typeof random.permutation>): Tensor {
    return random.permutation(this.nextKey(), ...rest);
  }

  /** As `random.poisson`, with the next key. */
  poisson(...rest: Rest<typeof random.poisson>): Tensor {
    return random.poisson(this.nextKey(), ...rest);
  }

  /** As `random.rademacher`, with the next key. */
  rademacher(...rest: Rest<typeof random.rademacher>): Tensor {
    return random.rademacher(this.nextKey(), ...rest);
  }

  /** As `random.randint`, with the next key. */
  randint(...rest: Rest<typeof random.randint>): Tensor {
    return random.randint(this.nextKey(), ...rest);
  }

  /** As `random.rayleigh`, with the next key. */
  rayleigh(...rest: Rest<typeof random.rayleigh>): Tensor {
    return random.rayleigh(this.nextKey(), ...rest);
  }

  /** As `random.t`, with the next key. */
  t(...rest: Rest<typeof random.t>): Tensor {
    return random.t(this.nextKey(), ...rest);
  }

  /** As `random.triangular`, with the next key. */
  triangular(...rest: Rest<typeof random.triangular>): Tensor {
    return random.triangular(this.nextKey(), ...rest);
  }

  /** As `random.truncatedNormal`, with the next key. */
  truncatedNormal(...rest: Rest<typeof random.truncatedNormal>): Tensor {
    return random.truncatedNormal(this.nextKey(), ...rest);
  }

  /** As `random.uniform`, with the next key. */
  uniform(...rest: Rest<typeof random.uniform>): Tensor {
    return random.uniform(this.nextKey(), ...rest);
  }

  /** As `random.wald`, with the next key. */
  wald(...rest: Rest<typeof random.wald>): Tensor {
    return random.wald(this.nextKey(), ...rest);
  }

  /** As `random.weibullMin`, with the next key. */
  weibullMin(...rest: Rest<typeof random.weibullMin>): Tensor {
    return random.weibullMin(this.nextKey(), ...rest);
  }

  /** As `initializers.deltaOrthogonal`; the key is drawn when the initializer is called. */
  deltaOrthogonal(...options: Parameters<typeof initializers.deltaOrthogonal>): KeylessInitializer {
    return keyless(this, initializers.deltaOrthogonal(...options));
  }

  /** As `initializers.glorotNormal`; the key is drawn when the initializer is called. */
  glorotNormal(...options: Parameters<typeof initializers.glorotNormal>): KeylessInitializer {
    return keyless(this, initializers.glorotNormal(...options));
  }

  /** As `initializers.glorotUniform`; the key is drawn when the initializer is called. */
  glorotUniform(...options: Parameters<typeof initializers.glorotUniform>): KeylessInitializer {
    return keyless(this, initializers.glorotUniform(...options));
  }

  /** As `initializers.heNormal`; the key is drawn when the initializer is called. */
  heNormal(...options: Parameters<typeof initializers.heNormal>): KeylessInitializer {
    return keyless(this, initializers.heNormal(...options));
  }

  /** As `initializers.heUniform`; the key is drawn when the initializer is called. */
  heUniform(...options: Parameters<typeof initializers.heUniform>): KeylessInitializer {
    return keyless(this, initializers.heUniform(...options));
  }

  /** As `initializers.kaimingNormal`; the key is drawn when the initializer is called. */
  kaimingNormal(...options: Parameters<typeof initializers.kaimingNormal>): KeylessInitializer {
    return keyless(this, initializers.kaimingNormal(...options));
  }

  /** As `initializers.kaimingUniform`; the key is drawn when the initializer is called. */
  kaimingUniform(...options: Parameters<typeof initializers.kaimingUniform>): KeylessInitializer {
    return keyless(this, initializers.kaimingUniform(...options));
  }

  /** As `initializers.lecunNormal`; the key is drawn when the initializer is called. */
  lecunNormal(...options: Parameters<typeof initializers.lecunNormal>): KeylessInitializer {
    return keyless(this, initializers.lecunNormal(...options));
  }

  /** As `initializers.lecunUniform`; the key is drawn when the initializer is called. */
  lecunUniform(...options: Parameters<typeof initializers.lecunUniform>): KeylessInitializer {
    return keyless(this, initializers.lecunUniform(...options));
  }

  /** As `initializers.varianceScaling`; the key is drawn when the initializer is called. */
  varianceScaling(...options: Parameters<typeof initializers.varianceScaling>): KeylessInitializer {
    return keyless(this, initializers.varianceScaling(...options));
  }

  /** As `initializers.xavierNormal`; the key is drawn when the initializer is called. */
  xavierNormal(...options: Parameters<typeof initializers.xavierNormal>): KeylessInitializer {
    return keyless(this, initializers.xavierNormal(...options));
  }

  /** As `initializers.xavierUniform`; the key is drawn when the initializer is called. */
  xavierUniform(...options: Parameters<typeof initializers.xavierUniform>): KeylessInitializer {
    return keyless(this, initializers.xavierUniform(...options));
  }
}
