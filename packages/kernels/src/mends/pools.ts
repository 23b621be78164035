/** @file Pools on cpu and wasm. */
import type * as tf from "@tensorflow/tfjs-core";
import { type Axis, axesOf2D, axesOf3D } from "../conv-geometry.ts";
import { type Elements, holdsNaN, isHeap, loop } from "../memory/access.ts";
import { sizeOf } from "../shape.ts";
import { type Mend, mend } from "../mend.ts";
import { largest, means, type Windows, windowsOf } from "../windows.ts";

/** @param isQuick - Whether wasm's own kernel is quicker, and right for values without NaN. */
const pool = <A>(
  kernelName: string,
  backends: readonly string[],
  axesOf: (shape: readonly number[], attrs: A) => readonly Axis[],
  run: (windows: Windows, x: Elements, y: Elements) => void,
  isQuick = false,
): Mend =>
  mend<"x", A>(kernelName, backends, ({ inputs: { x }, attrs, backend, stock }) => {
    if (x.dtype !== "float32") return stock();
    const isEmpty = sizeOf(x.shape) === 0;
    if (isQuick && !isEmpty && isHeap(backend) && !holdsNaN(backend, x)) return stock();
    const axes = axesOf(x.shape, attrs);
    const shape = [x.shape[0]!, ...axes.map((a) => a.output), x.shape.at(-1)!];
    return loop(backend, [x], { shape, dtype: "float32" }, ([values], out) =>
      run(windowsOf(x.shape, axes), values!, out),
    );
  });

/** Replacements of pool kernels. */
export const poolMends: readonly Mend[] = [
  pool<tf.MaxPoolAttrs>("MaxPool", ["cpu", "wasm"], axesOf2D, largest, true),
  pool<tf.MaxPool3DAttrs>("MaxPool3D", ["cpu", "wasm"], axesOf3D, largest),
  pool<tf.AvgPoolAttrs>("AvgPool", ["wasm"], axesOf2D, means, true),
];
