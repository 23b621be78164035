/** @file Random orthogonal matrices. */
import type { AxesOf, PRNGKey } from "../keys/index.ts";
import { dimensionsOf, type Shape } from "../keys/shape.ts";
import { checkOptions } from "@nnxjs/nnx-core/internal";
import { drawFloat32, sampleShape } from "./kernel.ts";
import { normalInto } from "./normal.ts";
import { orthonormalColumns } from "./linalg.ts";
import type { Drawn } from "./ranks.ts";

const ORTHOGONAL_NAMES = { m: true } as const;

/** Options of {@link orthogonal}. */
export interface OrthogonalOptions {
  /** The number of columns. @defaultValue `n` */
  m?: number;
}

/**
 * Matrices with orthonormal columns, or orthonormal rows where there are fewer rows. They are
 * uniformly distributed over all such matrices.
 * @param n - The number of rows.
 * @param shape - How many matrices. @defaultValue `[]`, one
 * @returns float32 of shape `[...key.shape, ...shape, n, m]`, within 1e-5 of JAX's.
 * @throws RangeError when `n` or `m` is not a non-negative integer.
 * @see `jax.random.orthogonal`; Mezzadri 2006, arXiv:math-ph/0609050
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.random.orthogonal(nnx.random.key(0), 3).shape; // => [3, 3]
 * ```
 */
export function orthogonal<K extends PRNGKey, const S extends Shape = readonly []>(
  key: K,
  n: number,
  shape?: S,
  options: OrthogonalOptions = {},
): Drawn<K, readonly [...AxesOf<S>, number, number]> {
  checkOptions("orthogonal", options, ORTHOGONAL_NAMES);
  const { m = n } = options;
  dimensionsOf("orthogonal", [n, m]);
  const dimensions = [...sampleShape("orthogonal", shape), n, m];
  return drawFloat32("orthogonal", key, dimensions, (single, out) => orthogonalInto(single, n, m, out));
}

/** Fills `out` with matrices of shape `[n, m]`. */
export function orthogonalInto(key: PRNGKey, n: number, m: number, out: Float32Array): void {
  const size = n * m;
  normalInto(key, out);
  const z = Float64Array.from(out);
  for (let begin = 0; begin < out.length; begin += size) {
    const q = orthonormalColumns(z.slice(begin, begin + size), Math.max(n, m), Math.min(n, m));
    if (n >= m) out.set(q, begin);
    else for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) out[begin + i * m + j] = q[j * n + i]!;
  }
}
