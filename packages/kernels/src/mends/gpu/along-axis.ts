/** @file Kernels of webgl and webgpu that go along an axis. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { GPU } from "../../gpu/program.ts";
import { aroundAxis, axisOf, axesOf, sizeOf, withShape } from "../../shape.ts";
import { filled, type LoopDtype } from "../../memory/access.ts";
import { type KernelCall, type Mend, mend, reshaped, scoped } from "../../mend.ts";

interface AxisAttrs {
  axis: number;
}

/** The stock kernel with three axes: those before one are joined, and those after it. */
const inThree = (
  { inputs: { x }, stock }: KernelCall<"x">,
  axis: number,
  shape: readonly number[],
): TensorInfo =>
  scoped(() => withShape(stock({ x: reshaped(x, aroundAxis(x.shape, axis)) }, { axis: 1 }), shape));

const sums = (kernelName: string): Mend =>
  mend<"x", AxisAttrs>(kernelName, GPU, (call) => {
    const { shape } = call.inputs.x;
    if (shape.length <= 4 || sizeOf(shape) === 0) return call.stock();
    return inThree(call, axisOf(call.attrs.axis, shape.length), shape);
  });

const reverse: Mend = mend<"x", tf.ReverseAttrs>(
  "Reverse",
  GPU,
  ({ inputs: { x }, attrs: { dims }, backend, stock }) => {
    if (x.shape.length <= 4) return stock();
    if (sizeOf(x.shape) === 0) return filled(backend, { shape: x.shape, dtype: x.dtype as LoopDtype }, 0);
    return scoped(() => {
      let y = x as Tensor;
      for (const axis of axesOf(dims, x.shape.length)) {
        y = tf.reverse(reshaped(y, aroundAxis(x.shape, axis)), 1);
      }
      return reshaped(y, [...x.shape]);
    });
  },
);

const inReverse = (kernelName: "Cumsum" | "Cumprod"): Mend =>
  mend<"x", tf.CumsumAttrs>(
    kernelName,
    ["webgpu"],
    ({ inputs: { x }, attrs: { axis, exclusive, reverse }, stock }) => {
      if (!reverse) return stock();
      const from = kernelName === "Cumsum" ? tf.cumsum : tf.cumprod;
      return scoped(() => tf.reverse(from(tf.reverse(x as Tensor, axis), axis, exclusive), axis));
    },
  );

/** Replacements of kernels that go along an axis. */
export const gpuAxisMends: readonly Mend[] = [
  reverse,
  inReverse("Cumsum"),
  inReverse("Cumprod"),
  ...["Cumsum", "Cumprod"].map(sums),
];
