/** @file Samplers with parameters, as methods of streams and of collections of streams. */
import { GraphNode } from "@nnxjs/nnx-core";
import type { AxesOf, PRNGKey, Shape } from "../keys/index.ts";
import * as random from "../random/index.ts";
import type { Parameter } from "../random/kernel.ts";
import type {
  AxesOfParameter,
  BatchOf,
  BeforeParameters,
  Broadcast,
  Drawn,
  Drawn1,
  Drawn2,
  DrawnOr,
  Joint,
  MaybeShape,
  ShapeOr,
  WithoutOne,
} from "../random/ranks.ts";

/** Draws from distributions that have parameters, each time with the next key. */
export abstract class DistributionSource extends GraphNode {
  abstract nextKey(): PRNGKey;

  /** As `random.beta`, with the next key. */
  beta<A extends Parameter, B extends Parameter, const S extends MaybeShape = undefined>(
    a: A,
    b: B,
    shape?: S,
  ): Drawn2<PRNGKey, S, A, B> {
    return random.beta(this.nextKey(), a, b, shape);
  }

  /** As `random.binomial`, with the next key. */
  binomial<A extends Parameter, B extends Parameter, const S extends MaybeShape = undefined>(
    n: A,
    p: B,
    shape?: S,
  ): Drawn2<PRNGKey, S, A, B> {
    return random.binomial(this.nextKey(), n, p, shape);
  }

  /** As `random.chisquare`, with the next key. */
  chisquare<P extends Parameter, const S extends MaybeShape = undefined>(
    df: P,
    shape?: S,
  ): Drawn1<PRNGKey, S, P> {
    return random.chisquare(this.nextKey(), df, shape);
  }

  /** As `random.dirichlet`, with the next key. */
  dirichlet<P extends Parameter, const S extends MaybeShape = undefined>(
    alpha: P,
    shape?: S,
  ): Drawn<PRNGKey, readonly [...ShapeOr<S, WithoutOne<AxesOfParameter<P>>>, number]> {
    return random.dirichlet(this.nextKey(), alpha, shape);
  }

  /** As `random.doubleSidedMaxwell`, with the next key. */
  doubleSidedMaxwell<A extends Parameter, B extends Parameter, const S extends Shape = readonly []>(
    loc: A,
    scale: B,
    shape?: S,
  ): Drawn<PRNGKey, BeforeParameters<AxesOf<S>, Joint<A, B>>> {
    return random.doubleSidedMaxwell(this.nextKey(), loc, scale, shape);
  }

  /** As `random.f`, with the next key. */
  f<A extends Parameter, B extends Parameter, const S extends MaybeShape = undefined>(
    dfnum: A,
    dfden: B,
    shape?: S,
  ): Drawn2<PRNGKey, S, A, B> {
    return random.f(this.nextKey(), dfnum, dfden, shape);
  }

  /** As `random.gamma`, with the next key. */
  gamma<P extends Parameter, const S extends MaybeShape = undefined>(a: P, shape?: S): Drawn1<PRNGKey, S, P> {
    return random.gamma(this.nextKey(), a, shape);
  }

  /** As `random.generalizedNormal`, with the next key. */
  generalizedNormal<P extends Parameter, const S extends MaybeShape = undefined>(
    p: P,
    shape?: S,
  ): Drawn1<PRNGKey, S, P> {
    return random.generalizedNormal(this.nextKey(), p, shape);
  }

  /** As `random.geometric`, with the next key. */
  geometric<P extends Parameter, const S extends MaybeShape = undefined>(
    p: P,
    shape?: S,
  ): Drawn1<PRNGKey, S, P> {
    return random.geometric(this.nextKey(), p, shape);
  }

  /** As `random.loggamma`, with the next key. */
  loggamma<P extends Parameter, const S extends MaybeShape = undefined>(
    a: P,
    shape?: S,
  ): Drawn1<PRNGKey, S, P> {
    return random.loggamma(this.nextKey(), a, shape);
  }

  /** As `random.lognormal`, with the next key. */
  lognormal<P extends Parameter = number, const S extends MaybeShape = undefined>(
    sigma?: P,
    shape?: S,
  ): Drawn1<PRNGKey, S, P> {
    return random.lognormal(this.nextKey(), sigma, shape);
  }

  /** As `random.multinomial`, with the next key. */
  multinomial<P extends Parameter, const S extends MaybeShape = undefined>(
    n: Parameter,
    p: P,
    shape?: S,
  ): Drawn1<PRNGKey, S, P> {
    return random.multinomial(this.nextKey(), n, p, shape);
  }

  /** As `random.multivariateNormal`, with the next key. */
  multivariateNormal<A extends Parameter, B extends Parameter, const S extends MaybeShape = undefined>(
    mean: A,
    cov: B,
    shape?: S,
    options?: random.MultivariateNormalOptions,
  ): Drawn<PRNGKey, readonly [...ShapeOr<S, BatchOf<A, B>>, number]> {
    return random.multivariateNormal(this.nextKey(), mean, cov, shape, options);
  }

  /** As `random.pareto`, with the next key. */
  pareto<P extends Parameter, const S extends MaybeShape = undefined>(
    b: P,
    shape?: S,
  ): Drawn1<PRNGKey, S, P> {
    return random.pareto(this.nextKey(), b, shape);
  }

  /** As `random.poisson`, with the next key. */
  poisson<P extends Parameter, const S extends MaybeShape = undefined>(
    lam: P,
    shape?: S,
  ): Drawn1<PRNGKey, S, P> {
    return random.poisson(this.nextKey(), lam, shape);
  }

  /** As `random.rayleigh`, with the next key. */
  rayleigh<P extends Parameter, const S extends MaybeShape = undefined>(
    scale: P,
    shape?: S,
  ): Drawn1<PRNGKey, S, P> {
    return random.rayleigh(this.nextKey(), scale, shape);
  }

  /** As `random.t`, with the next key. */
  t<P extends Parameter, const S extends MaybeShape = undefined>(df: P, shape?: S): Drawn1<PRNGKey, S, P> {
    return random.t(this.nextKey(), df, shape);
  }

  /** As `random.triangular`, with the next key. */
  triangular<
    A extends Parameter,
    B extends Parameter,
    C extends Parameter,
    const S extends MaybeShape = undefined,
  >(
    left: A,
    mode: B,
    right: C,
    shape?: S,
  ): DrawnOr<PRNGKey, S, Broadcast<AxesOfParameter<A>, Broadcast<AxesOfParameter<B>, AxesOfParameter<C>>>> {
    return random.triangular(this.nextKey(), left, mode, right, shape);
  }

  /** As `random.truncatedNormal`, with the next key. */
  truncatedNormal<A extends Parameter, B extends Parameter, const S extends MaybeShape = undefined>(
    lower: A,
    upper: B,
    shape?: S,
  ): Drawn2<PRNGKey, S, A, B> {
    return random.truncatedNormal(this.nextKey(), lower, upper, shape);
  }

  /** As `random.wald`, with the next key. */
  wald<P extends Parameter, const S extends MaybeShape = undefined>(
    mean: P,
    shape?: S,
  ): Drawn1<PRNGKey, S, P> {
    return random.wald(this.nextKey(), mean, shape);
  }

  /** As `random.weibullMin`, with the next key. */
  weibullMin<A extends Parameter, B extends Parameter, const S extends Shape = readonly []>(
    scale: A,
    concentration: B,
    shape?: S,
  ): Drawn<PRNGKey, Broadcast<AxesOf<S>, Joint<A, B>>> {
    return random.weibullMin(this.nextKey(), scale, concentration, shape);
  }
}
