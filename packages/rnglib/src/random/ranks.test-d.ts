import type * as tf from "@tensorflow/tfjs-core";
import { expectTypeOf, it } from "vitest";
import {
  type Initializer,
  initializers,
  type KeyArray,
  type PRNGKey,
  random,
  type Rngs,
  type RngStream,
} from "../index.ts";
import type { KeysAt } from "../keys/index.ts";

declare const key: PRNGKey;
declare const shape: readonly number[];
declare const vector: tf.Tensor1D;
declare const matrix: tf.Tensor2D;
declare const tensor: tf.Tensor;
declare const rngs: Rngs;
declare const stream: RngStream;

it("types a sample by a literal shape", () => {
  expectTypeOf(random.normal(key)).toEqualTypeOf<tf.Scalar>();
  expectTypeOf(random.normal(key, [])).toEqualTypeOf<tf.Scalar>();
  expectTypeOf(random.normal(key, 3)).toEqualTypeOf<tf.Tensor1D>();
  expectTypeOf(random.normal(key, [2, 3])).toEqualTypeOf<tf.Tensor2D>();
  expectTypeOf(random.uniform(key, [2, 3, 4], { minval: -1 })).toEqualTypeOf<tf.Tensor3D>();
  expectTypeOf(random.randint(key, [2, 3, 4, 5], 0, 9)).toEqualTypeOf<tf.Tensor4D>();
  expectTypeOf(random.gumbel(key, [1, 1, 1, 1, 1, 1])).toEqualTypeOf<tf.Tensor<tf.Rank.R6>>();
  expectTypeOf(random.cauchy(key, [1, 1, 1, 1, 1, 1, 1])).toEqualTypeOf<tf.Tensor>();
  expectTypeOf(random.orthogonal(key, 3, [2])).toEqualTypeOf<tf.Tensor3D>();
  expectTypeOf(random.ball(key, 3, 2, [5])).toEqualTypeOf<tf.Tensor2D>();
});

it("knows no rank of a shape that is not literal", () => {
  expectTypeOf(random.normal(key, shape)).toEqualTypeOf<tf.Tensor>();
  expectTypeOf(random.normal(key, shape as number | readonly number[])).toEqualTypeOf<tf.Tensor>();
  expectTypeOf(random.gamma(key, 1, shape)).toEqualTypeOf<tf.Tensor>();
  expectTypeOf(random.normal(key, tensor.shape)).toEqualTypeOf<tf.Tensor>();
  expectTypeOf(random.normal(key, matrix.shape)).toEqualTypeOf<tf.Tensor2D>();
});

it("types a sample without a shape by the parameters", () => {
  expectTypeOf(random.gamma(key, 2)).toEqualTypeOf<tf.Scalar>();
  expectTypeOf(random.gamma(key, [1, 2])).toEqualTypeOf<tf.Tensor1D>();
  expectTypeOf(random.gamma(key, matrix)).toEqualTypeOf<tf.Tensor2D>();
  expectTypeOf(random.gamma(key, tensor)).toEqualTypeOf<tf.Tensor>();
  expectTypeOf(random.gamma(key, tensor, [2, 3])).toEqualTypeOf<tf.Tensor2D>();
  expectTypeOf(random.beta(key, 1, matrix)).toEqualTypeOf<tf.Tensor2D>();
  expectTypeOf(random.beta(key, vector, [1, 2])).toEqualTypeOf<tf.Tensor1D>();
  expectTypeOf(random.beta(key, vector, matrix)).toEqualTypeOf<tf.Tensor>();
  expectTypeOf(random.bernoulli(key)).toEqualTypeOf<tf.Scalar>();
  expectTypeOf(random.bernoulli(key, matrix)).toEqualTypeOf<tf.Tensor2D>();
  expectTypeOf(random.triangular(key, 0, vector, 1)).toEqualTypeOf<tf.Tensor1D>();
  expectTypeOf(random.dirichlet(key, vector)).toEqualTypeOf<tf.Tensor1D>();
  expectTypeOf(random.dirichlet(key, vector, [4])).toEqualTypeOf<tf.Tensor2D>();
  expectTypeOf(random.multivariateNormal(key, vector, matrix)).toEqualTypeOf<tf.Tensor1D>();
  expectTypeOf(random.multivariateNormal(key, vector, matrix, [2, 3])).toEqualTypeOf<tf.Tensor3D>();
  expectTypeOf(random.doubleSidedMaxwell(key, vector, 1, [2])).toEqualTypeOf<tf.Tensor2D>();
  expectTypeOf(random.weibullMin(key, 1, matrix)).toEqualTypeOf<tf.Tensor2D>();
});

it("types choices by what is chosen from", () => {
  expectTypeOf(random.permutation(key, 10)).toEqualTypeOf<tf.Tensor1D>();
  expectTypeOf(random.permutation(key, matrix)).toEqualTypeOf<tf.Tensor2D>();
  expectTypeOf(random.choice(key, 10)).toEqualTypeOf<tf.Scalar>();
  expectTypeOf(random.choice(key, 10, [2, 3])).toEqualTypeOf<tf.Tensor2D>();
  expectTypeOf(random.choice(key, matrix, [2, 3])).toEqualTypeOf<tf.Tensor3D>();
  expectTypeOf(random.choice(key, vector)).toEqualTypeOf<tf.Scalar>();
  expectTypeOf(random.categorical(key, matrix)).toEqualTypeOf<tf.Tensor1D>();
  expectTypeOf(random.categorical(key, matrix, { axis: 0 })).toEqualTypeOf<tf.Tensor1D>();
  expectTypeOf(random.categorical(key, [0.1, 0.9], { shape: [5, 2] })).toEqualTypeOf<tf.Tensor2D>();
});

it("counts the axes of arrays of keys", () => {
  expectTypeOf(random.split(key)).toEqualTypeOf<KeyArray<readonly [number]> & KeysAt<2>>();
  expectTypeOf(random.split(key, [])).toEqualTypeOf<PRNGKey>();
  expectTypeOf(random.split(key, [2, 3]).at(0).at(0)).toEqualTypeOf<PRNGKey>();
  expectTypeOf(random.normal(random.split(key, 8), [16])).toEqualTypeOf<tf.Tensor2D>();
  expectTypeOf(random.gamma(random.split(key, [8, 2]), 2)).toEqualTypeOf<tf.Tensor2D>();
  expectTypeOf(random.normal(random.split(random.split(key), 3), [])).toEqualTypeOf<tf.Tensor2D>();
  expectTypeOf(random.normal(random.split(key, shape), [16])).toEqualTypeOf<tf.Tensor>();
  for (const each of random.split(key, 3))
    expectTypeOf(random.normal(each, [2])).toEqualTypeOf<tf.Tensor1D>();
});

it("knows that the keys of a split are there", () => {
  const [first, second] = random.split(key);
  expectTypeOf(first).toEqualTypeOf<PRNGKey>();
  expectTypeOf(second).toEqualTypeOf<PRNGKey>();
  const [, ...others] = random.split(key, 3);
  expectTypeOf(others).toEqualTypeOf<PRNGKey[]>();
  expectTypeOf(random.split(key, 8)[7]).toEqualTypeOf<PRNGKey>();
  expectTypeOf(random.split(key, 2)).not.toHaveProperty(2);
  const count: number = 2;
  const [perhaps] = random.split(key, count);
  expectTypeOf(perhaps).toEqualTypeOf<PRNGKey | undefined>();
});

it("types the draws of streams and collections of streams", () => {
  expectTypeOf(rngs.normal([2, 3])).toEqualTypeOf<tf.Tensor2D>();
  expectTypeOf(stream.uniform([4])).toEqualTypeOf<tf.Tensor1D>();
  expectTypeOf(stream.uniform()).toEqualTypeOf<tf.Scalar>();
  expectTypeOf(rngs.bernoulli(0.5, [4, 2])).toEqualTypeOf<tf.Tensor2D>();
  expectTypeOf(rngs.gamma(matrix)).toEqualTypeOf<tf.Tensor2D>();
  expectTypeOf(rngs.choice(9, [4], { replace: false })).toEqualTypeOf<tf.Tensor1D>();
  expectTypeOf(rngs.normal(shape)).toEqualTypeOf<tf.Tensor>();
  expectTypeOf(rngs.heNormal()([3, 3, 2, 8])).toEqualTypeOf<tf.Tensor4D>();
});

it("types initial values, and takes initializers that know no ranks", () => {
  expectTypeOf(initializers.heNormal()(key, [3, 3, 2, 8])).toEqualTypeOf<tf.Tensor4D>();
  expectTypeOf(initializers.zeros(key, [3])).toEqualTypeOf<tf.Tensor1D>();
  expectTypeOf(initializers.constant(1)(random.split(key, 2), [3])).toEqualTypeOf<tf.Tensor2D>();
  expectTypeOf(initializers.orthogonal()(key, shape)).toEqualTypeOf<tf.Tensor>();
  const own: Initializer = (k, s) => random.normal(k, s);
  expectTypeOf(own(key, [2])).toEqualTypeOf<tf.Tensor>();
  expectTypeOf(initializers.heNormal()).toExtend<Initializer>();
});
