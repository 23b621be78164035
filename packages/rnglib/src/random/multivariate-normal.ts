/** @file Normal vectors with a covariance. */
import type { PRNGKey } from "../keys/index.ts";
import { formatShape, type Shape, sizeOf } from "../keys/shape.ts";
import type { Tensor } from "../tensor.ts";
import { drawFloat32, expand, type Parameter, sampleShape, type Values, valuesOf } from "./kernel.ts";
import { normalInto } from "./normal.ts";
import { cholesky, symmetricEigen } from "./linalg.ts";

/** How {@link multivariateNormal} takes the root of the covariance. */
export interface MultivariateNormalOptions {
  /**
   * `"cholesky"` needs a positive definite covariance and gives JAX's values. `"eigh"` and `"svd"` also take singular ones; they give
   * JAX's distribution, but not its values, since the signs of eigenvectors are free. @defaultValue "cholesky"
   */
  method?: "cholesky" | "eigh" | "svd";
}

/**
 * Normal vectors with this mean and covariance.
 * @param mean - Shape `[..., n]`.
 * @param cov - Shape `[..., n, n]`, symmetric.
 * @param shape - How many vectors; the leading axes of both must broadcast to it. @defaultValue what these broadcast to
 * @returns float32 of shape `[...key.shape, ...shape, n]`; NaN where the covariance has no such root.
 * @throws RangeError for shapes that do not fit, TypeError for another method.
 * @see `jax.random.multivariate_normal`
 */
export function multivariateNormal(
  key: PRNGKey,
  mean: Parameter,
  cov: Parameter,
  shape?: Shape,
  { method = "cholesky" }: MultivariateNormalOptions = {},
): Tensor {
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
      return cholesky;
    case "eigh":
      return eigenRoot;
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

/** As {@link eigenRoot} with the largest first, and with the sizes of negative eigenvalues, as a singular value decomposition has it. */
function singularRoot(a: Float64Array, n: number): Float64Array {
  const { values, vectors } = symmetricEigen(a, n);
  const order = Array.from(values.keys()).sort((i, j) => Math.abs(values[j]!) - Math.abs(values[i]!));
  return vectors.map((_, i) => {
    const column = order[i % n]!;
    return vectors[i - (i % n) + column]! * Math.sqrt(Math.abs(values[column]!));
  });
}
