/**
 * @file Convolutions on wasm that lose NaN: the stock kernels end with bounds, which may be infinite,
 * and of a bound and NaN they take the bound.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { type Elements, free, loop } from "../memory/access.ts";
import type { Axis } from "../conv-geometry.ts";
import { conv2DAxes } from "../quick/convolve.ts";
import { finish, type FinishAttrs, type FinishInput, isActivation } from "../quick/finish.ts";
import { totalOf } from "../wasm/reductions.ts";
import { type Mend, mend, scoped } from "../mend.ts";

/** Whether the sum of all elements is finite, as it hardly ever is if one of them is not. */
const isAllFinite = (backend: object, x: TensorInfo): boolean => Number.isFinite(totalOf(backend, x));

type Attrs = Pick<tf.Conv2DAttrs, "strides" | "pad" | "dilations" | "dimRoundingMode">;

/** Adds the products of one pixel and one tap of the filter, which begins at `tap`. */
type Pixel = (
  out: Elements,
  to: number,
  image: Elements,
  from: number,
  weights: Elements,
  tap: number,
) => void;

const dense =
  (inputs: number, outputs: number): Pixel =>
  (out, to, image, from, weights, tap) => {
    for (let i = 0, at = tap; i < inputs; i++)
      for (let o = 0; o < outputs; o++, at++) out[to + o]! += image[from + i]! * weights[at]!;
  };

const perChannel =
  (outputs: number, multiplier: number): Pixel =>
  (out, to, image, from, weights, tap) => {
    for (let o = 0; o < outputs; o++)
      out[to + o]! += image[from + Math.floor(o / multiplier)]! * weights[tap + o]!;
  };

/** The convolution, one product after the other. */
function convolve(
  backend: object,
  x: TensorInfo,
  filter: TensorInfo,
  attrs: Attrs,
  isDepthwise: boolean,
): TensorInfo {
  const [h, w] = conv2DAxes(x.shape, filter.shape, attrs, isDepthwise) as [Axis, Axis];
  const [, , inputs, last] = filter.shape as [number, number, number, number];
  const outputs = isDepthwise ? inputs * last : last;
  const pixel = isDepthwise ? perChannel(outputs, last) : dense(inputs, last);
  const shape = [x.shape[0]!, h.output, w.output, outputs];
  return loop(backend, [x, filter], { shape, dtype: "float32" }, ([image, weights], out) => {
    out.fill(0);
    let to = 0;
    for (let n = 0; n < shape[0]!; n++)
      for (let oh = 0; oh < h.output; oh++)
        for (let ow = 0; ow < w.output; ow++, to += outputs)
          for (let kh = 0; kh < h.window; kh++)
            for (let kw = 0; kw < w.window; kw++) {
              const ih = oh * h.stride - h.before + kh * h.dilation;
              const iw = ow * w.stride - w.before + kw * w.dilation;
              if (ih < 0 || ih >= h.input || iw < 0 || iw >= w.input) continue;
              const from = ((n * h.input + ih) * w.input + iw) * inputs;
              pixel(out, to, image!, from, weights!, (kh * w.window + kw) * inputs * last);
            }
  });
}

const linear = (kernelName: string, isDepthwise: boolean): Mend =>
  mend<"x" | "filter", Attrs>(kernelName, ["wasm"], ({ inputs: { x, filter }, attrs, backend, stock }) => {
    const y = stock();
    if (isAllFinite(backend, y)) return y;
    free(backend, y);
    return convolve(backend, x, filter, attrs, isDepthwise);
  });

/** The convolution without bias and activation, and these after it, where a number is not finite. */
const fused = (kernelName: string, plain: string): Mend =>
  mend<"x" | "filter" | FinishInput, tf.FusedConv2DAttrs & FinishAttrs>(
    kernelName,
    ["wasm"],
    ({ inputs, attrs, backend, stock }) => {
      const { x, filter } = inputs;
      const isPlain = attrs.leakyreluAlpha !== undefined || attrs.activation !== "leakyrelu";
      if (!isActivation(attrs.activation)) return stock();
      if (isPlain && isAllFinite(backend, x) && isAllFinite(backend, filter)) return stock();
      return scoped(() => {
        // The engine passes tensors, although the types promise only what a backend needs of them.
        const given = { x: x as Tensor, filter: filter as Tensor };
        const z: Tensor = tf.engine().runKernel(plain, given, attrs as unknown as tf.NamedAttrMap);
        return finish(z, inputs, attrs);
      });
    },
  );

/** Replacements of kernels that lose NaN. They go around those of kernels that are wrong otherwise. */
export const lostNaNMends: readonly Mend[] = [
  linear("Conv2D", false),
  linear("DepthwiseConv2dNative", true),
  fused("FusedConv2D", "Conv2D"),
  fused("FusedDepthwiseConv2D", "DepthwiseConv2dNative"),
];
