/** @file Types of samples: the number of axes, from the types of key, shape and parameters. */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { AxesOf, KeyAxesOf, PRNGKey, Shape } from "../keys/index.ts";
import type { Parameter } from "./kernel.ts";
import type { AxesOfTensor, TensorOfAxes } from "../tensor-types.ts";

/** Axes: a tuple where their number is known, else a list. */
type Axes = readonly number[];

/** A shape, or undefined where the parameters decide. */
export type MaybeShape = Shape | undefined;

/**
 * The type of a sample with the axes A for each of the keys: `Tensor2D` for one key and `[2, 3]`,
 * `Tensor` where a shape is not literal.
 */
export type Drawn<K extends PRNGKey, A extends Axes> = TensorOfAxes<readonly [...KeyAxesOf<K>, ...A]>;

/** {@link Drawn} for a shape. */
export type DrawnShape<K extends PRNGKey, S extends Shape> = Drawn<K, AxesOf<S>>;

/** The axes of a shape, or `D` without a shape. */
export type ShapeOr<S extends MaybeShape, D extends Axes> = S extends Shape ? AxesOf<S> : D;

/** {@link Drawn} for a shape, or for the axes `D` without a shape. */
export type DrawnOr<K extends PRNGKey, S extends MaybeShape, D extends Axes> = Drawn<K, ShapeOr<S, D>>;

/** The axes of a parameter: none for a number, one for a list. */
export type AxesOfParameter<P extends Parameter> = P extends number
  ? readonly []
  : P extends readonly number[]
    ? readonly [number]
    : P extends Tensor
      ? AxesOfTensor<P>
      : Axes;

/** The axes that two parameters broadcast to: those of the longer one. */
export type Broadcast<A extends Axes, B extends Axes> = A extends readonly []
  ? B
  : B extends readonly []
    ? A
    : A["length"] extends B["length"]
      ? A
      : Axes;

/** The axes that parameters broadcast to. */
export type Joint<A extends Parameter, B extends Parameter> = Broadcast<
  AxesOfParameter<A>,
  AxesOfParameter<B>
>;

/** The sample of a distribution with one parameter. */
export type Drawn1<K extends PRNGKey, S extends MaybeShape, P extends Parameter> = DrawnOr<
  K,
  S,
  AxesOfParameter<P>
>;

/** The sample of a distribution with two parameters. */
export type Drawn2<
  K extends PRNGKey,
  S extends MaybeShape,
  A extends Parameter,
  B extends Parameter,
> = DrawnOr<K, S, Joint<A, B>>;

/** Axes without the last one. */
export type WithoutOne<A extends Axes> = A extends readonly [number, ...infer R extends Axes] ? R : Axes;

/** The axes of one alternative of `choice`: those of a tensor without one, or none for a range. */
export type SliceAxes<A extends number | Tensor> = A extends Tensor
  ? AxesOfTensor<A> extends readonly []
    ? readonly []
    : WithoutOne<AxesOfTensor<A>>
  : readonly [];

/**
 * The axes of a shape, then those of parameters. An empty shape is replaced by the axes of the
 * parameters.
 */
export type BeforeParameters<S extends Axes, P extends Axes> = S extends readonly []
  ? readonly [...P, ...P]
  : readonly [...S, ...P];

/** The leading axes that a mean and a covariance broadcast to. */
export type BatchOf<A extends Parameter, B extends Parameter> = Broadcast<
  WithoutOne<AxesOfParameter<A>>,
  WithoutOne<WithoutOne<AxesOfParameter<B>>>
>;
