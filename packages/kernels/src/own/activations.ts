/**
 * @file Activations and their gradients as one kernel each. tensorflow.js has them only as chains of
 * kernels.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { KernelConfig, NamedAttrMap, Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { activationsModule } from "../wasm/activations.generated.ts";
import { derivativesModule } from "../wasm/derivatives.generated.ts";
import { eachElement } from "../wasm/elementwise.ts";
import type { WasmModule } from "../wasm/module.ts";
import { slopesModule } from "../wasm/slopes.generated.ts";

/** A kernel, and the function that calls it. */
export interface OwnFunction<I extends string, A = unknown> {
  readonly kernelName: string;
  readonly kernels: readonly KernelConfig[];
  /** By the kernel; on backends that lack it, by ops of tensorflow.js. */
  readonly run: (inputs: Readonly<Record<I, Tensor>>, attrs?: A) => Tensor;
}

/**
 * @param name - The function of the module. It takes the inputs in this order.
 * @param plain - The same by ops: for other backends, and where WebAssembly is out of reach.
 * @param numbers - What the function takes besides.
 */
function own<F extends string, const I extends string, A = unknown>(
  kernelName: string,
  module: WasmModule<F>,
  name: F,
  order: readonly I[],
  plain: (inputs: Readonly<Record<I, Tensor>>, attrs: A) => Tensor,
  numbers: (attrs: A) => readonly number[] = () => [],
): OwnFunction<I, A> {
  const kernelFunc: KernelConfig["kernelFunc"] = ({ inputs, attrs, backend }): TensorInfo => {
    // The engine passes tensors, and what `run` gave it as attributes.
    const given = inputs as unknown as Record<I, Tensor>;
    const all = order.map((each) => given[each]);
    const others = attrs as A;
    return eachElement(backend, module, name, all, numbers(others)) ?? tf.tidy(() => plain(given, others));
  };
  return {
    kernelName,
    kernels: ["cpu", "wasm"].map((backendName) => ({ kernelName, backendName, kernelFunc })),
    run: (inputs, attrs) => {
      // `getKernel` is typed as if every kernel existed.
      const registered = tf.getKernel(kernelName, tf.getBackend()) as KernelConfig | undefined;
      return registered
        ? tf.engine().runKernel(kernelName, { ...inputs }, attrs as NamedAttrMap)
        : plain(inputs, attrs as A);
    },
  };
}

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
export const curves: Readonly<Record<"silu" | "gelu" | "geluErf", OwnFunction<"x">>> = {
  silu: own("NnxSilu", activationsModule, "silu", ["x"], ({ x }) => tf.mul(x, tf.sigmoid(x))),
  gelu: own("NnxGelu", activationsModule, "gelu", ["x"], ({ x }) => tf.mul(x, geluGate(x))),
  geluErf: own("NnxGeluErf", activationsModule, "geluErf", ["x"], ({ x }) => tf.mul(x, normalBelow(x))),
};

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
  relu: own("NnxReluGrad", slopesModule, "relu", byY, ({ dy, y }) => only(tf.greater(y, 0), dy)),
  relu6: own("NnxRelu6Grad", slopesModule, "relu6", byX, ({ dy, x }) =>
    only(tf.logicalAnd(tf.greater(x, 0), tf.less(x, 6)), dy),
  ),
  leakyRelu: own(
    "NnxLeakyReluGrad",
    slopesModule,
    "leakyRelu",
    byX,
    ({ dy, x }, { alpha }: tf.LeakyReluAttrs) => tf.where(tf.greaterEqual(x, 0), dy, tf.mul(dy, alpha)),
    ({ alpha }) => [alpha],
  ),
  elu: own("NnxEluGrad", slopesModule, "elu", byY, ({ dy, y }) =>
    tf.where(tf.greater(y, 0), dy, tf.mul(dy, plus(y))),
  ),
  selu: own("NnxSeluGrad", slopesModule, "selu", byY, ({ dy, y }) =>
    tf.where(tf.greater(y, 0), tf.mul(dy, SELU_SCALE), tf.mul(dy, tf.add(y, SELU_FLOOR))),
  ),
  // (1 + y)(1 - y) is precise near ±1, where 1 - y² is not.
  tanh: own("NnxTanhGrad", slopesModule, "tanh", byY, ({ dy, y }) => tf.mul(tf.mul(dy, plus(y)), minus(y))),
  sigmoid: own("NnxSigmoidGrad", slopesModule, "sigmoid", byY, ({ dy, y }) =>
    tf.mul(dy, tf.mul(y, minus(y))),
  ),
  square: own("NnxSquareGrad", slopesModule, "square", byX, ({ dy, x }) => tf.mul(dy, tf.mul(2, x))),
  sqrt: own("NnxSqrtGrad", slopesModule, "sqrt", byY, ({ dy, y }) => tf.mul(dy, tf.div(0.5, y))),
  abs: own("NnxAbsGrad", slopesModule, "abs", byX, ({ dy, x }) =>
    tf.where(tf.greaterEqual(x, 0), dy, tf.neg(dy)),
  ),
  softplus: own("NnxSoftplusGrad", derivativesModule, "softplus", byX, ({ dy, x }) =>
    tf.mul(dy, tf.sigmoid(x)),
  ),
  erf: own("NnxErfGrad", derivativesModule, "erf", byX, ({ dy, x }) =>
    tf.mul(dy, tf.mul(2 / Math.sqrt(Math.PI), tf.exp(tf.neg(tf.square(x))))),
  ),
  silu: own("NnxSiluGrad", derivativesModule, "silu", byX, ({ dy, x }) => {
    const y = tf.sigmoid(x);
    return tf.mul(dy, tf.add(y, tf.mul(tf.mul(x, y), minus(y))));
  }),
  gelu: own("NnxGeluGrad", derivativesModule, "gelu", byX, ({ dy, x }) => {
    const y = geluGate(x);
    return tf.mul(dy, tf.add(y, tf.mul(tf.mul(tf.mul(x, y), minus(y)), geluInnerSlope(x))));
  }),
  geluErf: own("NnxGeluErfGrad", derivativesModule, "geluErf", byX, ({ dy, x }) =>
    tf.mul(dy, tf.add(normalBelow(x), tf.mul(x, normalDensity(x)))),
  ),
};

/** The kernels to register on cpu and wasm. */
export const activationKernels: readonly KernelConfig[] = [
  ...Object.values(curves),
  ...Object.values(slopes),
].flatMap(({ kernels }) => kernels);
