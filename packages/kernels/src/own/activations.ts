/** @file Activations and their gradients. tensorflow.js has them only as chains of kernels. */
import * as tf from "@tensorflow/tfjs-core";
import type { KernelConfig, Tensor } from "@tensorflow/tfjs-core";
import { isRecording } from "../engine.ts";
import { runOwn } from "./own-kernel.ts";

/** A kernel as a function. */
export interface OwnFunction<I extends string, A = unknown> {
  readonly kernelName: string;
  /** The inputs, in the order in which functions of modules take them. */
  readonly order: readonly I[];
  /** By ops: for other backends, and where WebAssembly is out of reach. */
  readonly plain: (inputs: Readonly<Record<I, Tensor>>, attrs: A) => Tensor;
  /** By the kernel; by ops on backends that lack it. */
  readonly run: (inputs: Readonly<Record<I, Tensor>>, attrs?: A) => Tensor;
}

const own = <const I extends string, A = unknown>(
  kernelName: string,
  order: readonly I[],
  plain: OwnFunction<I, A>["plain"],
): OwnFunction<I, A> => ({
  kernelName,
  order,
  plain,
  run: (inputs, attrs) =>
    runOwn(kernelName, { ...inputs }, attrs as object | undefined) ?? plain(inputs, attrs as A),
});

const plus = (x: Tensor): Tensor => tf.add(1, x);
const minus = (x: Tensor): Tensor => tf.sub(1, x);

const only = (condition: Tensor, x: Tensor): Tensor => tf.where(condition, x, tf.zerosLike(x));

const GELU = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;
/** (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2 */
const geluGate = (x: Tensor): Tensor => {
  const inner = tf.mul(GELU, tf.add(x, tf.mul(CUBIC, tf.mul(x, tf.mul(x, x)))));
  return tf.mul(0.5, plus(tf.tanh(inner)));
};
/** The derivative of twice the argument of tanh. */
const geluInnerSlope = (x: Tensor): Tensor => tf.mul(2 * GELU, plus(tf.mul(3 * CUBIC, tf.square(x))));
const normalBelow = (x: Tensor): Tensor => tf.mul(0.5, plus(tf.erf(tf.mul(x, Math.SQRT1_2))));
const normalDensity = (x: Tensor): Tensor =>
  tf.mul(1 / Math.sqrt(2 * Math.PI), tf.exp(tf.mul(-0.5, tf.square(x))));

// Klambauer et al. 2017: the scale, and the scale times alpha.
const SELU_SCALE = 1.0507009873554805;
const SELU_FLOOR = 1.7580993408473768;

/** Activations that tensorflow.js has no kernel for. */
export const curves: Readonly<Record<CurveName, OwnFunction<"x">>> = {
  silu: own("NnxSilu", ["x"], ({ x }) => tf.mul(x, tf.sigmoid(x))),
  gelu: own("NnxGelu", ["x"], ({ x }) => tf.mul(x, geluGate(x))),
  geluErf: own("NnxGeluErf", ["x"], ({ x }) => tf.mul(x, normalBelow(x))),
};
type CurveName = "silu" | "gelu" | "geluErf";

/**
 * Kernels of x that give an activation and its slope, which share an exponential. Only the rule reads
 * the slope, for one gradient; for gradients of gradients it takes {@link slopes}.
 */
export const curvesWithSlopes: Readonly<Record<CurveName, string>> = {
  silu: "NnxSiluCurve",
  gelu: "NnxGeluCurve",
  geluErf: "NnxGeluErfCurve",
};

/** An activation; on an open tape with its slope, so that its gradient is one product. */
export function curveOf(name: CurveName, x: Tensor): Tensor {
  const kernelName = curvesWithSlopes[name];
  // `getKernel` is typed as if every kernel existed.
  const registered = tf.getKernel(kernelName, tf.getBackend()) as KernelConfig | undefined;
  if (!registered || !isRecording() || x.dtype !== "float32") return curves[name].run({ x });
  const [y, slope] = tf.engine().runKernel<Tensor[]>(kernelName, { x }) as [Tensor, Tensor];
  // The tape has saved it.
  slope.dispose();
  return y;
}

const byY = ["dy", "y"] as const;
const byX = ["dy", "x"] as const;

type ByY = OwnFunction<"dy" | "y">;
type ByX = OwnFunction<"dy" | "x">;

interface Slopes
  extends Readonly<Record<"relu" | "elu" | "selu" | "tanh" | "sigmoid" | "sqrt", ByY>>,
    Readonly<Record<"relu6" | "abs" | "square" | "softplus" | "erf" | "silu" | "gelu" | "geluErf", ByX>> {
  readonly leakyRelu: OwnFunction<"dy" | "x", tf.LeakyReluAttrs>;
}

/**
 * The gradient of an activation's argument, from that of its result and from the argument x or the
 * result y. What is not chosen does not count, so NaN and infinities do not spread.
 */
export const slopes: Slopes = {
  relu: own("NnxReluGrad", byY, ({ dy, y }) => only(tf.greater(y, 0), dy)),
  relu6: own("NnxRelu6Grad", byX, ({ dy, x }) => only(tf.logicalAnd(tf.greater(x, 0), tf.less(x, 6)), dy)),
  leakyRelu: own("NnxLeakyReluGrad", byX, ({ dy, x }, { alpha }: tf.LeakyReluAttrs) =>
    tf.where(tf.greaterEqual(x, 0), dy, tf.mul(dy, alpha)),
  ),
  elu: own("NnxEluGrad", byY, ({ dy, y }) => tf.where(tf.greater(y, 0), dy, tf.mul(dy, plus(y)))),
  selu: own("NnxSeluGrad", byY, ({ dy, y }) =>
    tf.where(tf.greater(y, 0), tf.mul(dy, SELU_SCALE), tf.mul(dy, tf.add(y, SELU_FLOOR))),
  ),
  // (1 + y)(1 - y) is precise near ±1, where 1 - y² is not.
  tanh: own("NnxTanhGrad", byY, ({ dy, y }) => tf.mul(tf.mul(dy, plus(y)), minus(y))),
  sigmoid: own("NnxSigmoidGrad", byY, ({ dy, y }) => tf.mul(dy, tf.mul(y, minus(y)))),
  square: own("NnxSquareGrad", byX, ({ dy, x }) => tf.mul(dy, tf.mul(2, x))),
  sqrt: own("NnxSqrtGrad", byY, ({ dy, y }) => tf.mul(dy, tf.div(0.5, y))),
  abs: own("NnxAbsGrad", byX, ({ dy, x }) => tf.where(tf.greaterEqual(x, 0), dy, tf.neg(dy))),
  softplus: own("NnxSoftplusGrad", byX, ({ dy, x }) => tf.mul(dy, tf.sigmoid(x))),
  erf: own("NnxErfGrad", byX, ({ dy, x }) =>
    tf.mul(dy, tf.mul(2 / Math.sqrt(Math.PI), tf.exp(tf.neg(tf.square(x))))),
  ),
  silu: own("NnxSiluGrad", byX, ({ dy, x }) => {
    const y = tf.sigmoid(x);
    return tf.mul(dy, tf.add(y, tf.mul(tf.mul(x, y), minus(y))));
  }),
  gelu: own("NnxGeluGrad", byX, ({ dy, x }) => {
    const y = geluGate(x);
    return tf.mul(dy, tf.add(y, tf.mul(tf.mul(tf.mul(x, y), minus(y)), geluInnerSlope(x))));
  }),
  geluErf: own("NnxGeluErfGrad", byX, ({ dy, x }) =>
    tf.mul(dy, tf.add(normalBelow(x), tf.mul(x, normalDensity(x)))),
  ),
};
