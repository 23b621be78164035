/** @file The kernels of activations and their gradients. */
import * as tf from "@tensorflow/tfjs-core";
import type { KernelConfig, LeakyReluAttrs, Tensor } from "@tensorflow/tfjs-core";
import { activationsModule } from "../wasm/activations.generated.ts";
import { curvesModule } from "../wasm/curves.generated.ts";
import { derivativesModule } from "../wasm/derivatives.generated.ts";
import { wasmCall } from "../wasm/call.ts";
import { eachElement } from "../wasm/elementwise.ts";
import { sizeOf } from "../shape.ts";
import type { WasmModule } from "../wasm/module.ts";
import { slopesModule } from "../wasm/slopes.generated.ts";
import { curves, curvesWithSlopes, type OwnFunction, slopes } from "./activations.ts";
import { onBoth } from "./own-kernel.ts";

/** @param numbers - What the function of the module takes besides the inputs. */
const kernel = <F extends string, I extends string, A>(
  { kernelName, order, plain }: OwnFunction<I, A>,
  module: WasmModule<F>,
  name: F,
  numbers: (attrs: A) => readonly number[] = () => [],
): readonly KernelConfig[] =>
  onBoth<A>(kernelName, (backend, inputs, attrs) => {
    // The engine passes tensors, although the types promise only what a backend needs of them.
    const given = inputs as Readonly<Record<I, Tensor>>;
    const all = order.map((each) => given[each]);
    return eachElement(backend, module, name, all, numbers(attrs)) ?? tf.tidy(() => plain(given, attrs));
  });

/** The kernel of an activation and its slope. */
const curveKernel = (name: keyof typeof curves): readonly KernelConfig[] =>
  onBoth(curvesWithSlopes[name], (backend, { x }) => {
    const { shape } = x!;
    const [size, both] = [sizeOf(shape), { shape, dtype: "float32" } as const];
    const made = size > 0 ? wasmCall(backend, curvesModule, name, [x!], [both, both], [size]) : undefined;
    if (made) return made;
    // The engine passes tensors, although the types promise only what a backend needs of them.
    const given = x as Tensor;
    return tf.tidy(() => [
      curves[name].plain({ x: given }, undefined),
      slopes[name].plain({ dy: tf.onesLike(given), x: given }, undefined),
    ]);
  });

/** Gradients of the activations that tensorflow.js has. */
export const slopeKernels = (): readonly KernelConfig[] => [
  ...kernel(slopes.leakyRelu, slopesModule, "leakyRelu", ({ alpha }: LeakyReluAttrs) => [alpha]),
  ...(["relu", "elu", "selu", "tanh", "sigmoid", "sqrt"] as const).flatMap((name) =>
    kernel(slopes[name], slopesModule, name),
  ),
  ...(["relu6", "abs", "square"] as const).flatMap((name) => kernel(slopes[name], slopesModule, name)),
];

/** Activations that tensorflow.js does not have, and the gradients that take an exponential. */
export const curveKernels = (): readonly KernelConfig[] => [
  ...(["silu", "gelu", "geluErf"] as const).flatMap((name) => [
    ...kernel(curves[name], activationsModule, name),
    ...curveKernel(name),
  ]),
  ...(["softplus", "erf", "silu", "gelu", "geluErf"] as const).flatMap((name) =>
    kernel(slopes[name], derivativesModule, name),
  ),
];
