/** @file Normal vectors with a covariance. */
import type { PRNGKey } from "../keys/index.ts";
import { checkOptions } from "@nnxjs/nnx-core/internal";
import { formatShape, sizeOf } from "../keys/shape.ts";
import { drawFloat32, expand, type Parameter, sampleShape, type Values, valuesOf } from "./kernel.ts";
import { normalInto } from "./normal.ts";
import { cholesky, leftSingular, symmetricEigen } from "./linalg.ts";
import type { BatchOf, Drawn, MaybeShape, ShapeOr } from "./ranks.ts";

const NAMES = { method: true } as const;

/** Options of {@link multivariateNormal}. */
export interface MultivariateNormalOptions {
  /**
   * How to take the root of the covariance. `"cholesky"` needs a positive definite covariance and
   * gives JAX's values. `"eigh"` and `"svd"` also take singular ones. They give JAX's distribution,
   * but not its values, because the signs of eigenvectors are arbitrary.
   * @defaultValue "cholesky"
   */
  method?: "cholesky" | "eigh" | "svd";
}

/**
 * Normal vectors with a mean and a covariance.
 * @param mean - Shape `[..., n]`.
 * @param cov - Shape `[..., n, n]`. Like in JAX, a matrix that is not symmetric is replaced by the
 * mean of it and its transpose, except for `"svd"`.
 * @param shape - How many vectors. The leading axes of `mean` and `cov` must broadcast to it.
 * @defaultValue the shape to which these axes broadcast
 * @returns float32 of shape `[...key.shape, ...shape, n]`; NaN where the covariance has no such
 * root.
 * @throws RangeError for shapes that do not fit, TypeError for an unknown method.
 * @see `jax.random.multivariate_normal`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const cov = tf.tensor2d([[2, 1], [1, 2]]);
 * nnx.random.multivariateNormal(nnx.random.key(0), tf.zeros([2]), cov, [5]).shape; // => [5, 2]
 * ```
 */
export function multivariateNormal<
  K extends PRNGKey,
  A extends Parameter,
  B extends Parameter,
  const S extends MaybeShape = undefined,
>(
  key: K,
  mean: A,
  cov: B,
  shape?: S,
  options: MultivariateNormalOptions = {},
): Drawn<K, readonly [...ShapeOr<S, BatchOf<A, B>>, number]> {
  checkOptions("multivariateNormal", options, NAMES);
  const { method = "cholesky" } = options;
  const [center, covariance] = [valuesOf("multivariateNormal", mean), valuesOf("multivariateNormal", cov)];
  const n = center.shape.at(-1);
  const [rows, columns] = covariance.shape.slice(-2);
  if (n === undefined || rows !== n || columns !== n) {
    throw new RangeError(
      "multivariateNormal: expected a mean of shape [..., n] and a covariance of shape [..., n, n], got " +
        `${formatShape(center.shape)} and ${formatShape(covariance.shape)}. Reshape them.`,
    );
  }
  const batch = sampleShape(
    "multivariateNormal",
    shape,
    { shape: center.shape.slice(0, -1) },
    { shape: covariance.shape.slice(0, -2) },
  );
  const means = expand(center, [...batch, n]);
  const roots = expand(rootsOf(covariance, n, rootBy(method)), [...batch, n, n]);
  return drawFloat32("multivariateNormal", key, [...batch, n], (single, out) => {
    const x = new Float32Array(out.length);
    normalInto(single, x);
    for (let i = 0; i < out.length; i++) {
      const begin = i - (i % n);
      let sum = 0;
      for (let j = 0; j < n; j++) sum += roots[i * n + j]! * x[begin + j]!;
      out[i] = means[i]! + Math.fround(sum);
    }
  });
}

type Root = (a: Float64Array, n: number) => Float64Array;

function rootBy(method: "cholesky" | "eigh" | "svd"): Root {
  switch (method) {
    case "cholesky":
      return (a, n) => cholesky(symmetrized(a, n), n);
    case "eigh":
      return (a, n) => eigenRoot(symmetrized(a, n), n);
    case "svd":
      return singularRoot;
    default:
      throw new TypeError(
        `multivariateNormal: expected method "cholesky", "eigh" or "svd", got ${JSON.stringify(method satisfies never)}. ` +
          "Leave it out for cholesky.",
      );
  }
}

/** The root of each covariance, in float32. */
function rootsOf({ shape, data }: Values, n: number, root: Root): Values {
  const out = new Float32Array(data.length);
  const count = sizeOf(shape.slice(0, -2));
  for (let i = 0; i < count; i++) {
    const begin = i * n * n;
    out.set(root(Float64Array.from(data.subarray(begin, begin + n * n)), n), begin);
  }
  return { shape, data: out };
}

function eigenRoot(a: Float64Array, n: number): Float64Array {
  const { values, vectors } = symmetricEigen(a, n);
  return vectors.map((x, i) => x * Math.sqrt(values[i % n]!));
}

/** The root `U √S` of a singular value decomposition `U S Vᵀ`. */
function singularRoot(a: Float64Array, n: number): Float64Array {
  const { values, vectors } = leftSingular(a, n);
  return vectors.map((x, i) => x * Math.sqrt(values[i % n]!));
}

/** The mean of a matrix and its transpose, in float32 as JAX computes it. */
function symmetrized(a: Float64Array, n: number): Float64Array {
  return a.map((x, i) => Math.fround(Math.fround(x + a[(i % n) * n + Math.floor(i / n)]!) / 2));
}
