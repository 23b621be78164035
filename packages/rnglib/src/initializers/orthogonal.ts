/** @file Initializers that draw orthogonal matrices. */
import { registerFactory } from "@nnxjs/nnx-core";
import { checkOptions } from "@nnxjs/nnx-core/internal";
import type { PRNGKey } from "../keys/index.ts";
import { dimensionsOf, formatShape, sizeOf } from "../keys/shape.ts";
import { drawFloat32 } from "../random/kernel.ts";
import { orthogonalInto } from "../random/orthogonal.ts";
import { axisOf } from "../random/lanes.ts";
import { checkFloat32, checkNumber, type RankedInitializer } from "./initializer.ts";

const NAMES = { columnAxis: true } as const;

/** Options of {@link orthogonal} and {@link deltaOrthogonal}. */
export interface OrthogonalInitializerOptions {
  /** The axis of the columns. All other axes together are the rows. @defaultValue -1 */
  columnAxis?: number;
}

/**
 * A scaled orthogonal matrix, reshaped: `scale * Q`. Q has orthonormal columns, or orthonormal rows
 * where there are fewer rows.
 * @param scale - @defaultValue 1
 * @throws RangeError, when the initializer is called, for shapes with fewer than 2 axes or without
 * the column axis.
 * @see `jax.nn.initializers.orthogonal`; Saxe et al. 2013, arXiv:1312.6120
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.initializers.orthogonal()(nnx.random.key(0), [3, 3]).shape; // => [3, 3]
 * ```
 */
export const orthogonal: (scale?: number, options?: OrthogonalInitializerOptions) => RankedInitializer =
  registerFactory(
    "initializers.orthogonal",
    (scale = 1, options: OrthogonalInitializerOptions = {}): RankedInitializer => {
      const columnAxis = checked("orthogonal", scale, options);
      return (key, shape, dtype) => {
        checkFloat32("orthogonal", dtype);
        const dimensions = dimensionsOf("initializers.orthogonal", shape);
        if (dimensions.length < 2) {
          throw new RangeError(
            `initializers.orthogonal: expected a shape with at least 2 axes, got ${formatShape(dimensions)}. Use normal for vectors.`,
          );
        }
        return drawFloat32("initializers.orthogonal", key, dimensions, (single, out) =>
          fillOrthogonal("orthogonal", single, dimensions, columnAxis, scale, out),
        );
      };
    },
  );

/**
 * Checks the arguments and returns the column axis.
 * @throws TypeError for a scale or axis that is not a number, NnxError for unknown options.
 */
function checked(where: string, scale: number, options: OrthogonalInitializerOptions): number {
  checkNumber(where, "the scale", scale);
  checkOptions(`initializers.${where}`, options, NAMES);
  const { columnAxis = -1 } = options;
  checkNumber(where, "columnAxis", columnAxis);
  return columnAxis;
}

function fillOrthogonal(
  where: string,
  key: PRNGKey,
  shape: readonly number[],
  columnAxis: number,
  scale: number,
  out: Float32Array,
): void {
  const axis = axisOf(`initializers.${where}`, columnAxis, shape);
  const columns = shape[axis]!;
  if (out.length === 0) return;
  const rows = out.length / columns;
  const q = new Float32Array(out.length);
  orthogonalInto(key, rows, columns, q);
  // (before, after) is the row of `q`. From it, compute the row-major index of (before, column,
  // after) in `shape`.
  const after = sizeOf(shape.slice(axis + 1));
  const factor = Math.fround(scale);
  for (let row = 0; row < rows; row++) {
    const base = Math.floor(row / after) * columns * after + (row % after);
    for (let c = 0; c < columns; c++) out[base + c * after] = q[row * columns + c]! * factor;
  }
}

/**
 * A convolution kernel that is orthogonal at its centre and zero elsewhere. With it, a new layer
 * preserves norms.
 * @param scale - @defaultValue 1
 * @throws RangeError, when the initializer is called, for shapes without 3 to 5 axes or with more
 * inputs than outputs.
 * @see `jax.nn.initializers.delta_orthogonal`; Xiao et al. 2018, arXiv:1806.05393
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 *
 * const kernelInit = nnx.initializers.deltaOrthogonal();
 * new nnx.Conv(4, 8, [3, 3], { kernelInit, rngs: new nnx.Rngs(0) }).kernel.value.shape; // => [3, 3, 4, 8]
 * ```
 */
export const deltaOrthogonal: (scale?: number, options?: OrthogonalInitializerOptions) => RankedInitializer =
  registerFactory(
    "initializers.deltaOrthogonal",
    (scale = 1, options: OrthogonalInitializerOptions = {}): RankedInitializer => {
      const columnAxis = checked("deltaOrthogonal", scale, options);
      return (key, shape, dtype) => {
        checkFloat32("deltaOrthogonal", dtype);
        const dimensions = dimensionsOf("initializers.deltaOrthogonal", shape);
        const [inputs = 0, outputs = 0] = dimensions.slice(-2);
        if (dimensions.length < 3 || dimensions.length > 5 || outputs < inputs) {
          throw new RangeError(
            "initializers.deltaOrthogonal: expected a convolution kernel [...window, inputs, outputs] with 1 to 3 window axes " +
              `and inputs <= outputs, got ${formatShape(dimensions)}. Use orthogonal for other shapes.`,
          );
        }
        const window = dimensions.slice(0, -2);
        let middle = 0;
        for (const d of window) middle = middle * d + Math.floor((d - 1) / 2);
        const size = inputs * outputs;
        return drawFloat32("initializers.deltaOrthogonal", key, dimensions, (single, out) => {
          if (out.length === 0) return;
          fillOrthogonal(
            "deltaOrthogonal",
            single,
            [inputs, outputs],
            columnAxis,
            scale,
            out.subarray(middle * size, (middle + 1) * size),
          );
        });
      };
    },
  );
