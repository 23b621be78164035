/** @file Small dense decompositions of row-major matrices, in double precision. */

/**
 * The factor Q of `a = Q R`, with orthonormal columns. R has a positive diagonal, which makes Q
 * unique.
 * @param a - `[rows, columns]` with `rows >= columns`; overwritten.
 * @returns `[rows, columns]`.
 * @see Golub & Van Loan, Matrix Computations, 5.2 (Householder)
 */
export function orthonormalColumns(a: Float64Array, rows: number, columns: number): Float64Array {
  const signs = new Float64Array(columns);
  const scales = new Float64Array(columns);
  for (let k = 0; k < columns; k++) {
    let norm = 0;
    for (let i = k; i < rows; i++) norm += a[i * columns + k]! ** 2;
    const head = a[k * columns + k]!;
    const alpha = head > 0 ? -Math.sqrt(norm) : Math.sqrt(norm);
    signs[k] = Math.sign(alpha);
    a[k * columns + k] = head - alpha;
    scales[k] = norm - head * alpha === 0 ? 0 : 1 / (norm - head * alpha);
    for (let j = k + 1; j < columns; j++) reflect(a, a, k, j, rows, columns, scales[k]!);
  }
  const q = new Float64Array(rows * columns);
  for (let j = 0; j < columns; j++) q[j * columns + j] = signs[j]!;
  for (let k = columns - 1; k >= 0; k--) {
    for (let j = 0; j < columns; j++) reflect(a, q, k, j, rows, columns, scales[k]!);
  }
  return q;
}

/** Applies the reflection stored in column `k` of `v` to column `j` of `target`. */
function reflect(
  v: Float64Array,
  target: Float64Array,
  k: number,
  j: number,
  rows: number,
  columns: number,
  scale: number,
): void {
  let dot = 0;
  for (let i = k; i < rows; i++) dot += v[i * columns + k]! * target[i * columns + j]!;
  const factor = dot * scale;
  for (let i = k; i < rows; i++) target[i * columns + j]! -= factor * v[i * columns + k]!;
}

/**
 * The lower triangular L with `a = L Lᵀ`. All NaN when `a` is not positive definite, as in JAX.
 * @param a - `[n, n]`, symmetric.
 */
export function cholesky(a: Float64Array, n: number): Float64Array {
  const l = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= l[i * n + k]! * l[j * n + k]!;
      if (i === j && !(sum > 0)) return l.fill(Number.NaN);
      l[i * n + j] = i === j ? Math.sqrt(sum) : sum / l[j * n + j]!;
    }
  }
  return l;
}

/** Eigenvalues with their eigenvectors, as columns. */
export interface Eigen {
  readonly values: Float64Array;
  /**
   * `[n, n]`; column `j` belongs to value `j`. The first non-zero entry of each column is positive.
   */
  readonly vectors: Float64Array;
}

/**
 * The eigenvalues, ascending, and eigenvectors of a symmetric matrix.
 * @param symmetric - `[n, n]`.
 * @see Golub & Van Loan, Matrix Computations, 8.5 (cyclic Jacobi)
 */
export function symmetricEigen(symmetric: Float64Array, n: number): Eigen {
  const a = symmetric.slice();
  const v = new Float64Array(n * n);
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  for (let sweep = 0; sweep < 60 && offDiagonal(a, n) > 0; sweep++) {
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, v, n, p, q);
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[i * n + i]! - a[j * n + j]!);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => {
    let sign = 0;
    for (let i = 0; i < n; i++) {
      const x = v[i * n + from]!;
      if (sign === 0 && Math.abs(x) > 1e-12) sign = Math.sign(x);
      vectors[i * n + to] = x;
    }
    if (sign < 0) for (let i = 0; i < n; i++) vectors[i * n + to]! *= -1;
  });
  return { values: Float64Array.from(order, (i) => a[i * n + i]!), vectors };
}

/**
 * The singular values, descending, and left singular vectors of a square matrix.
 * @param a - `[n, n]`. For a symmetric matrix these are eigenvectors. Otherwise they are the
 * eigenvectors of `a aᵀ`, which halves the number of digits of values far below the largest.
 */
export function leftSingular(a: Float64Array, n: number): Eigen {
  const symmetric = a.every((x, i) => x === a[(i % n) * n + Math.floor(i / n)]);
  const { values, vectors } = symmetricEigen(symmetric ? a : timesTransposed(a, n), n);
  const sizes = values.map((x) => (symmetric ? Math.abs(x) : Math.sqrt(Math.max(0, x))));
  const order = Array.from(sizes.keys()).sort((i, j) => sizes[j]! - sizes[i]!);
  return {
    values: Float64Array.from(order, (i) => sizes[i]!),
    vectors: vectors.map((_, i) => vectors[i - (i % n) + order[i % n]!]!),
  };
}

function timesTransposed(a: Float64Array, n: number): Float64Array {
  return a.map((_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = 0;
    for (let k = 0; k < n; k++) sum += a[i * n + k]! * a[j * n + k]!;
    return sum;
  });
}

/** The sum of squares above the diagonal; 0 once it is below the resolution of doubles. */
function offDiagonal(a: Float64Array, n: number): number {
  let off = 0;
  let diagonal = 0;
  for (let i = 0; i < n; i++) {
    diagonal += a[i * n + i]! ** 2;
    for (let j = i + 1; j < n; j++) off += a[i * n + j]! ** 2;
  }
  return off > diagonal * 1e-30 ? off : 0;
}

/** Makes `a[p, q]` zero by one Jacobi rotation, and applies the rotation to `v`. */
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const apq = a[p * n + q]!;
  if (apq === 0) return;
  const theta = (a[q * n + q]! - a[p * n + p]!) / (2 * apq);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (let k = 0; k < n; k++) turn(a, k * n + p, k * n + q, c, s);
  for (let k = 0; k < n; k++) turn(a, p * n + k, q * n + k, c, s);
  for (let k = 0; k < n; k++) turn(v, k * n + p, k * n + q, c, s);
}

function turn(x: Float64Array, i: number, j: number, c: number, s: number): void {
  const xi = x[i]!;
  const xj = x[j]!;
  x[i] = c * xi - s * xj;
  x[j] = s * xi + c * xj;
}
