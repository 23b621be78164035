/**
 * @file Runs the kernels of recurrent cells' gradients. Whoever ran the cell's kernel registered
 * them, so nothing here refers to them: programs without such a cell need not load them.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { KernelConfig, NamedAttrMap, Tensor } from "@tensorflow/tfjs-core";
import { isRecording } from "../engine.ts";
import { areKernelsOn } from "../wasm/module.ts";
import { recurrentKernelNames as names, type SequenceAttrs, type SimpleAttrs } from "./recurrent-names.ts";

type Gradient<I extends string, A> = (inputs: Readonly<Record<I, Tensor>>, attrs: A) => Tensor[] | undefined;

/**
 * A kernel as a function. It returns `undefined` where it cannot run, and where a tape records: the
 * kernels have no rules.
 */
const gradient =
  <I extends string, A extends object>(kernelName: string): Gradient<I, A> =>
  (inputs, attrs) => {
    // `getKernel` is typed as if every kernel existed.
    const kernel = tf.getKernel(kernelName, tf.getBackend()) as KernelConfig | undefined;
    if (kernel === undefined || isRecording() || !areKernelsOn()) return undefined;
    return tf.engine().runKernel<Tensor[]>(kernelName, { ...inputs }, attrs as NamedAttrMap);
  };

/** The gradients of x, the first c and the first h. */
export const lstmGradientOver: Gradient<"activations" | "cs" | "c" | "kernel" | "dh" | "dc", SequenceAttrs> =
  /* @__PURE__ */ gradient(names.lstmGrad);

/** The gradients of x, of the products of the carry, and of the first carry. */
export const gruGradientOver: Gradient<"activations" | "hs" | "h" | "kernel" | "dh", SequenceAttrs> =
  /* @__PURE__ */ gradient(names.gruGrad);

/** The gradients of x and the first carry. */
export const simpleGradientOver: Gradient<"hs" | "kernel" | "dh", SimpleAttrs> = /* @__PURE__ */ gradient(
  names.simpleGrad,
);
