/** @file The other samplers, as methods of streams and of collections of streams. */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { AxesOf, BitsArrays, BitsOptions, PRNGKey, Shape } from "../keys/index.ts";
import * as random from "../random/index.ts";
import type { Parameter } from "../random/kernel.ts";
import type {
  AxesOfParameter,
  Drawn,
  Drawn1,
  DrawnOr,
  DrawnShape,
  MaybeShape,
  SliceAxes,
  WithoutOne,
} from "../random/ranks.ts";
import { DistributionSource } from "./distribution-source.ts";
import type { AxesOfTensor } from "../tensor-types.ts";

/**
 * Adds the samplers that {@link DistributionSource} leaves out. `KeySource` adds the initializers.
 */
export abstract class SamplerSource extends DistributionSource {
  /** As `random.bits`, with the next key. */
  bits<W extends keyof BitsArrays = 32>(shape?: Shape, options?: BitsOptions<W>): BitsArrays[W] {
    return random.bits(this.nextKey(), shape, options);
  }

  /** As `random.ball`, with the next key. */
  ball<const S extends Shape = readonly []>(
    d: number,
    p?: Parameter,
    shape?: S,
  ): Drawn<PRNGKey, readonly [...AxesOf<S>, number]> {
    return random.ball(this.nextKey(), d, p, shape);
  }

  /** As `random.bernoulli`, with the next key. */
  bernoulli<P extends Parameter = number, const S extends MaybeShape = undefined>(
    p?: P,
    shape?: S,
    options?: random.BernoulliOptions,
  ): Drawn1<PRNGKey, S, P> {
    return random.bernoulli(this.nextKey(), p, shape, options);
  }

  /** As `random.categorical`, with the next key. */
  categorical<P extends Parameter, const S extends MaybeShape = undefined>(
    logits: P,
    options?: random.CategoricalOptions & { readonly shape?: S },
  ): DrawnOr<PRNGKey, S, WithoutOne<AxesOfParameter<P>>> {
    return random.categorical(this.nextKey(), logits, options);
  }

  /** As `random.cauchy`, with the next key. */
  cauchy<const S extends Shape = readonly []>(shape?: S): DrawnShape<PRNGKey, S> {
    return random.cauchy(this.nextKey(), shape);
  }

  /** As `random.choice`, with the next key. */
  choice<A extends number | Tensor, const S extends Shape = readonly []>(
    a: A,
    shape?: S,
    options?: random.ChoiceOptions,
  ): Drawn<PRNGKey, readonly [...AxesOf<S>, ...SliceAxes<A>]> {
    return random.choice(this.nextKey(), a, shape, options);
  }

  /** As `random.exponential`, with the next key. */
  exponential<const S extends Shape = readonly []>(shape?: S): DrawnShape<PRNGKey, S> {
    return random.exponential(this.nextKey(), shape);
  }

  /** As `random.gumbel`, with the next key. */
  gumbel<const S extends Shape = readonly []>(
    shape?: S,
    options?: random.GumbelOptions,
  ): DrawnShape<PRNGKey, S> {
    return random.gumbel(this.nextKey(), shape, options);
  }

  /** As `random.laplace`, with the next key. */
  laplace<const S extends Shape = readonly []>(shape?: S): DrawnShape<PRNGKey, S> {
    return random.laplace(this.nextKey(), shape);
  }

  /** As `random.logistic`, with the next key. */
  logistic<const S extends Shape = readonly []>(shape?: S): DrawnShape<PRNGKey, S> {
    return random.logistic(this.nextKey(), shape);
  }

  /** As `random.maxwell`, with the next key. */
  maxwell<const S extends Shape = readonly []>(shape?: S): DrawnShape<PRNGKey, S> {
    return random.maxwell(this.nextKey(), shape);
  }

  /** As `random.normal`, with the next key. */
  normal<const S extends Shape = readonly []>(shape?: S): DrawnShape<PRNGKey, S> {
    return random.normal(this.nextKey(), shape);
  }

  /** As `random.orthogonal`, with the next key. */
  orthogonal<const S extends Shape = readonly []>(
    n: number,
    shape?: S,
    options?: random.OrthogonalOptions,
  ): Drawn<PRNGKey, readonly [...AxesOf<S>, number, number]> {
    return random.orthogonal(this.nextKey(), n, shape, options);
  }

  /** As `random.permutation`, with the next key. */
  permutation<X extends number | Tensor>(
    x: X,
    options?: random.PermutationOptions,
  ): Drawn<PRNGKey, X extends Tensor ? AxesOfTensor<X> : readonly [number]> {
    return random.permutation(this.nextKey(), x, options);
  }

  /** As `random.rademacher`, with the next key. */
  rademacher<const S extends Shape = readonly []>(shape?: S): DrawnShape<PRNGKey, S> {
    return random.rademacher(this.nextKey(), shape);
  }

  /** As `random.randint`, with the next key. */
  randint<const S extends Shape>(shape: S, minval: Parameter, maxval: Parameter): DrawnShape<PRNGKey, S> {
    return random.randint(this.nextKey(), shape, minval, maxval);
  }

  /** As `random.uniform`, with the next key. */
  uniform<const S extends Shape = readonly []>(
    shape?: S,
    options?: random.UniformOptions,
  ): DrawnShape<PRNGKey, S> {
    return random.uniform(this.nextKey(), shape, options);
  }
}
