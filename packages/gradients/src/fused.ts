/** @file Kernels that fuse a product or convolution with a bias and an activation. */
import { conv2DAxes, convolve, filterGradient, inputGradient, product, sumTo } from "@nnxjs/kernels/internal";
import * as tf from "@tensorflow/tfjs-core";
import type { _FusedMatMulAttrs, FusedConv2DAttrs, Tensor } from "@tensorflow/tfjs-core";
import { depthwiseConvolve, depthwiseFilterGradient, depthwiseInputGradient } from "./depthwise.ts";
import { gradientOfLeft, gradientOfRight } from "./matmul.ts";
import { type GradientRule, rule } from "./rule.ts";
import { only, positive, select } from "./select.ts";

interface Activation {
  readonly activation: string;
  readonly leakyreluAlpha?: number;
}

/**
 * The gradient before the activation. `z` computes the value before the activation; only
 * `leakyrelu` and `prelu` need it, the others work from y.
 */
function throughActivation(
  dy: Tensor,
  y: Tensor,
  { activation, leakyreluAlpha = 0.2 }: Activation,
  z: () => Tensor,
  slope?: Tensor,
): Tensor {
  switch (activation) {
    case "linear":
      return tf.reshape(dy, dy.shape);
    case "relu":
      return only(positive(y), dy);
    case "relu6":
      return only(tf.logicalAnd(positive(y), positive(tf.sub(6, y))), dy);
    case "elu":
      return select(positive(y), dy, tf.mul(dy, tf.add(y, 1)));
    case "sigmoid":
      return tf.mul(dy, tf.mul(y, tf.sub(1, y)));
    case "leakyrelu":
      return select(positive(tf.neg(z())), tf.mul(dy, leakyreluAlpha), dy);
    case "prelu":
      return select(positive(tf.neg(z())), tf.mul(dy, slope!), dy);
    default:
      throw new Error(
        `gradients: expected a fused activation of tensorflow.js, got ${JSON.stringify(activation)}. ` +
          "Apply the activation after the kernel.",
      );
  }
}

/** How a fused kernel's product or convolution is computed and differentiated. */
interface Parts {
  /** The value before bias and activation. */
  readonly value: () => Tensor;
  readonly first: (dz: Tensor) => Tensor;
  readonly second: (dz: Tensor) => Tensor;
}

const fused = <A extends Activation, const F extends string, const G extends string>(
  kernelName: string,
  first: F,
  second: G,
  parts: (a: Tensor, b: Tensor, attrs: A) => Parts,
): GradientRule =>
  rule<A>(kernelName)({
    inputs: [first, second, "bias", "preluActivationWeights"],
    optional: ["bias", "preluActivationWeights"],
    save: [first, second, "bias", "preluActivationWeights"],
    saveOutput: 0,
    backward: (dy, { shapes: s, saved: kept, given, output: y, attrs }) => {
      // TypeScript cannot index a generic record by four literal names, so read it as a plain one.
      const saved: Readonly<Record<string, Tensor>> = kept;
      const shapes: Readonly<Record<string, number[]>> = s;
      const p = parts(saved[first]!, saved[second]!, attrs);
      const z = (): Tensor => (given.has("bias") ? tf.add(p.value(), saved.bias!) : p.value());
      const slope = saved.preluActivationWeights;
      const dz = (): Tensor => throughActivation(dy, y, attrs, z, slope);
      const thunks: Record<string, () => Tensor> = {
        [first]: () => p.first(dz()),
        [second]: () => p.second(dz()),
        bias: () => sumTo(dz(), shapes.bias!),
        preluActivationWeights: () => sumTo(tf.mul(dy, tf.minimum(z(), 0)), shapes.preluActivationWeights!),
      };
      return thunks as Readonly<Record<F | G | "bias" | "preluActivationWeights", () => Tensor>>;
    },
  });

/**
 * Rules for the `tf.fused` kernels. They are recorded only when the kernels are called through the
 * engine: under a gradient, `tf.fused.*` calls the separate ops.
 */
export const fusedRules: readonly GradientRule[] = [
  fused("_FusedMatMul", "a", "b", (a, b, { transposeA, transposeB }: _FusedMatMulAttrs) => ({
    value: () => product(a, b, transposeA, transposeB),
    first: (dz) => gradientOfLeft(dz, b, a.shape, transposeA, transposeB),
    second: (dz) => gradientOfRight(dz, a, b.shape, transposeA, transposeB),
  })),
  fused("FusedConv2D", "x", "filter", (x, filter, attrs: FusedConv2DAttrs) => {
    const axes = conv2DAxes(x.shape, filter.shape, attrs);
    return {
      value: () => convolve(x, filter, axes),
      first: (dz) => inputGradient(dz, filter, axes),
      second: (dz) => filterGradient(x, dz, axes),
    };
  }),
  fused("FusedDepthwiseConv2D", "x", "filter", (x, filter, attrs: FusedConv2DAttrs) => {
    const axes = conv2DAxes(x.shape, filter.shape, attrs, true);
    return {
      value: () => depthwiseConvolve(x, filter, axes),
      first: (dz) => depthwiseInputGradient(dz, filter, axes),
      second: (dz) => depthwiseFilterGradient(x, dz, axes),
    };
  }),
];
