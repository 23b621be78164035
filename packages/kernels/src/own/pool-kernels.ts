/** @file tensorflow.js's kernels for pools, by WebAssembly. */
import type * as tf from "@tensorflow/tfjs-core";
import { type Mend, mend } from "../mend.ts";
import { type Axis, axesOf2D, axesOf3D } from "../conv-geometry.ts";
import { poolByWasm } from "../wasm/pools.ts";

const pool = <A>(
  kernelName: string,
  name: "largest" | "means",
  axesOf: (shape: readonly number[], attrs: A) => readonly Axis[],
): Mend =>
  mend<"x", A>(
    kernelName,
    ["cpu", "wasm"],
    ({ inputs: { x }, attrs, backend, stock }) =>
      poolByWasm(backend, name, [x], x.shape, axesOf(x.shape, attrs)) ?? stock(),
  );

/** Quicker kernels for pools. */
export const quickPools = (): readonly Mend[] => [
  pool<tf.MaxPoolAttrs>("MaxPool", "largest", axesOf2D),
  pool<tf.MaxPool3DAttrs>("MaxPool3D", "largest", axesOf3D),
  pool<tf.AvgPoolAttrs>("AvgPool", "means", axesOf2D),
  pool<tf.AvgPool3DAttrs>("AvgPool3D", "means", axesOf3D),
];
