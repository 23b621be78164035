/** @file Two interleaving half circles, and a grid around them. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";

/** Points in the plane: x and y of one point after the other. */
export interface Points {
  readonly xy: Float32Array;
  readonly count: number;
}

export interface Moons extends Points {
  /** 0 for the upper moon, 1 for the lower. */
  readonly labels: Int32Array;
}

/** Like scikit-learn's `make_moons`: half of the points on each moon, with normal noise. */
export function twoMoons(count: number, noise: number, key: nnx.PRNGKey): Moons {
  const shaken = tf.tidy(() => nnx.random.normal(key, [count, 2]).dataSync<"float32">());
  const labels = Int32Array.from({ length: count }, (_, i) => i % 2);
  const xy = new Float32Array(2 * count);
  for (let i = 0; i < count; i++) {
    const angle = (Math.PI * Math.floor(i / 2)) / (count / 2 - 1);
    const [x, y] =
      i % 2 === 0 ? [Math.cos(angle), Math.sin(angle)] : [1 - Math.cos(angle), 0.5 - Math.sin(angle)];
    xy[2 * i] = x + noise * (shaken[2 * i] as number);
    xy[2 * i + 1] = y + noise * (shaken[2 * i + 1] as number);
  }
  return { xy, labels, count };
}

/** The centres of a grid's cells, row by row from the top left. */
export interface Grid extends Points {
  readonly columns: number;
  readonly rows: number;
  readonly xMin: number;
  readonly xMax: number;
  readonly yMin: number;
  readonly yMax: number;
}

const [X_MIN, X_MAX, Y_MIN, Y_MAX] = [-3, 4, -2.75, 3.25];

export function gridOf(columns: number, rows: number): Grid {
  const xy = Float32Array.from({ length: 2 * columns * rows }, (_, i) => {
    const cell = i >> 1;
    const [column, row] = [cell % columns, Math.floor(cell / columns)];
    return i % 2 === 0
      ? X_MIN + ((column + 0.5) / columns) * (X_MAX - X_MIN)
      : Y_MAX - ((row + 0.5) / rows) * (Y_MAX - Y_MIN);
  });
  return { xy, count: columns * rows, columns, rows, xMin: X_MIN, xMax: X_MAX, yMin: Y_MIN, yMax: Y_MAX };
}

export const tensorOf = ({ xy, count }: Points): tf.Tensor2D => tf.tensor2d(xy, [count, 2]);

/** The distance from each point to the nearest of the others. */
export function distances(points: Points, others: Points): Float64Array {
  return Float64Array.from({ length: points.count }, (_, i) => {
    let least = Number.POSITIVE_INFINITY;
    for (let j = 0; j < others.count; j++) {
      const dx = (points.xy[2 * i] as number) - (others.xy[2 * j] as number);
      const dy = (points.xy[2 * i + 1] as number) - (others.xy[2 * j + 1] as number);
      least = Math.min(least, Math.hypot(dx, dy));
    }
    return least;
  });
}
