/**
 * @file Kernels that need a call through the engine, complex numbers, and kernels that no other
 * file here covers.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D, Tensor5D } from "@tensorflow/tfjs-core";
import type { Case, Cases } from "./case.ts";

const one = (kernel: string, f: (x: Tensor) => Tensor): Case => ({ kernels: [kernel], f: (x) => f(x!) });
const two = (kernel: string, f: (a: Tensor, b: Tensor) => Tensor): Case => ({
  kernels: [kernel],
  f: (a, b) => f(a!, b!),
});

const dilation = (strides: number, dilations: number): Case =>
  two("Dilation2D", (x, w) =>
    tf.square(tf.dilation2d(x as Tensor4D, w as tf.Tensor3D, strides, "valid", dilations)),
  );

const conv = { strides: 1, pad: "same", dataFormat: "NHWC", dilations: 1, leakyreluAlpha: 0.3 } as const;

const fused = (activation: string): Cases => {
  const run = (kernel: string, first: string, second: string, attrs: object): Case => ({
    kernels: [kernel],
    f: (a, b, bias, preluActivationWeights) =>
      // The engine types attributes and absent inputs more narrowly than the kernels take them.
      tf.engine().runKernel(kernel, { [first]: a!, [second]: b!, bias, preluActivationWeights } as never, {
        ...attrs,
        activation,
      }) as Tensor,
    within: 1e-4,
  });
  const product = { transposeA: false, transposeB: false, leakyreluAlpha: 0.3 };
  return {
    [`_FusedMatMul ${activation}`]: run("_FusedMatMul", "a", "b", product),
    [`FusedConv2D ${activation}`]: run("FusedConv2D", "x", "filter", conv),
    [`FusedDepthwiseConv2D ${activation}`]: run("FusedDepthwiseConv2D", "x", "filter", conv),
  };
};

/** The sum of the transform's |z|² and its imaginary part. */
function spectrum(x: Tensor): Tensor {
  const z = tf.spectral.rfft(x);
  return tf.add(tf.square(tf.abs(z)), tf.imag(z));
}

export const kernelCases: Cases = {
  dilation2d: dilation(1, 1),
  "dilation2d stride 2": dilation(2, 1),
  "dilation2d dilated": dilation(1, 2),
  "softmaxCrossEntropy of the labels too": two("softmaxCrossEntropy__op", (y, x) =>
    tf.losses.softmaxCrossEntropy(y as tf.Tensor2D, x as tf.Tensor2D),
  ),
  "linalg.qr": { kernels: ["Greater", "Select"], f: (a) => tf.abs(tf.linalg.qr(a!)[1]), within: 5e-4 },
  conv3dTranspose: {
    kernels: ["Conv3DBackpropInputV2"],
    f: (x, w) => tf.conv3dTranspose(x as Tensor5D, w as Tensor5D, [1, 4, 5, 4, 1], 2, "valid"),
    within: 1e-4,
  },
  flipLeftRight: one("FlipLeftRight", (x) => tf.mul(tf.image.flipLeftRight(x as Tensor4D), x)),
  comparisons: {
    kernels: ["Equal", "GreaterEqual", "Less"],
    f: (x, y) => {
      const above = tf.logicalOr(tf.equal(x!, y!), tf.greaterEqual(x!, y!));
      return tf.where(tf.logicalOr(above, tf.less(y!, -1)), tf.mul(x!, y!), y!);
    },
  },
  logicalXor: one("Greater", (x) =>
    tf.where(tf.logicalXor(tf.greater(x, -1), tf.greater(x, 1)), tf.square(x), x),
  ),
  argMin: one("ArgMin", (x) => tf.mul(x, tf.expandDims(tf.cast(tf.argMin(x, 1), "float32"), 1))),
  "isInf and isFinite": {
    kernels: ["IsInf", "IsFinite"],
    f: (x) =>
      tf.where(tf.logicalAnd(tf.isFinite(x!), tf.logicalNot(tf.isInf(x!))), tf.square(x!), tf.zerosLike(x!)),
  },
  onesLike: {
    kernels: ["OnesLike", "ZerosLike"],
    f: (x) => tf.mul(tf.square(x!), tf.add(tf.onesLike(x!), tf.zerosLike(x!))),
  },
  any: one("Any", (x) => tf.mul(x, tf.where(tf.any(tf.greater(x, 0), 1, true), tf.scalar(2), tf.scalar(3)))),
  LogicalXor: {
    kernels: ["LogicalXor"],
    f: (x) => {
      const sides = { a: tf.greater(x!, -1), b: tf.greater(x!, 1) };
      return tf.where(tf.engine().runKernel("LogicalXor", sides) as Tensor, tf.square(x!), x!);
    },
    not: ["cpu"],
  },
  bitwiseAnd: one("BitwiseAnd", (x) => {
    const whole = tf.cast(tf.abs(x), "int32");
    return tf.mul(x, tf.cast(tf.bitwiseAnd(whole, tf.onesLike(whole)), "float32"));
  }),
  "multinomial of a certainty": one("Multinomial", (x) => {
    const logits = tf.add(tf.mul(x, 0), [[-1000, 1000]]) as tf.Tensor2D;
    return tf.mul(x, tf.cast(tf.multinomial(logits, 1, 1), "float32"));
  }),
  maxPoolWithArgmax: one("MaxPoolWithArgmax", (x) => {
    const { indexes } = tf.maxPoolWithArgmax(x as Tensor4D, 3, 1, "valid");
    return tf.mul(x, tf.cast(indexes!, "float32"));
  }),
  conv3dBackpropFilter: {
    kernels: ["Conv3DBackpropFilterV2"],
    f: (x, dy) =>
      tf.engine().runKernel(
        "Conv3DBackpropFilterV2",
        { x: x!, dy: dy! },
        {
          strides: [1, 1, 1],
          pad: "valid",
          filterShape: [2, 2, 2, 1, 2],
        },
      ) as Tensor,
    within: 1e-4,
  },
  ...Object.assign({}, ...["linear", "relu", "relu6", "elu", "sigmoid", "leakyrelu", "prelu"].map(fused)),
  "_FusedMatMul without bias": {
    kernels: ["_FusedMatMul"],
    f: (a, b) =>
      tf.engine().runKernel("_FusedMatMul", { a: a!, b: b!, bias: undefined } as never, {
        transposeA: false,
        transposeB: true,
        activation: "relu",
      }) as Tensor,
  },
  rfft: {
    kernels: ["Complex", "FFT", "Real", "Imag", "ComplexAbs"],
    f: (x) => spectrum(x!),
    not: ["wasm"],
    within: 1e-4,
  },
  "fft and ifft": {
    kernels: ["FFT", "IFFT"],
    f: (a, b) => {
      // Reshape to a row: on cpu, the parts of a transformed vector come as rows.
      const z = tf.fft(tf.complex(tf.reshape(a!, [1, 4]), tf.reshape(b!, [1, 4])));
      return tf.reshape(tf.add(tf.mul(tf.real(tf.ifft(z)), a!), tf.mul(tf.imag(z), b!)), [4]);
    },
    not: ["wasm"],
    within: 1e-4,
  },
  "complex abs": { kernels: ["ComplexAbs"], f: (a, b) => tf.abs(tf.complex(a!, b!)), not: ["wasm"] },
};
