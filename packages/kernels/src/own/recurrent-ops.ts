/** @file Runs the kernels of recurrent cells, where they can run. */
import * as tf from "@tensorflow/tfjs-core";
import type { NamedAttrMap, Tensor } from "@tensorflow/tfjs-core";
import { hasReachableMemory } from "../backends.ts";
import { isRecording } from "../engine.ts";
import { registerKernels } from "../registry.ts";
import { canRun } from "../wasm/call.ts";
import { recurrentKernels } from "./recurrent.ts";
import { recurrentKernelNames as names, type SequenceAttrs, type SimpleAttrs } from "./recurrent-names.ts";
import { recurrentModules } from "./sequence.ts";

/** A kernel as a function. It returns `undefined` where the kernel cannot run. */
type Over<I extends string, A> = (inputs: Readonly<Record<I, Tensor>>, attrs: A) => Tensor[] | undefined;

/** More bytes than this go step by step: cpu's kernels have 1 GB of memory for all. */
const MOST_BYTES = 2 ** 27;

/** Whether the kernel can compute this, and be differentiated if a tape records it. */
function isAble(kernelName: string, inputs: readonly Tensor[]): boolean {
  // `getGradient` is typed as if every kernel had a rule.
  const rule = tf.getGradient(kernelName) as object | undefined;
  return (
    hasReachableMemory() &&
    inputs.every(({ dtype, size }) => dtype === "float32" && size > 0) &&
    inputs.reduce((bytes, { size }) => bytes + 4 * size, 0) <= MOST_BYTES &&
    (!isRecording() || rule !== undefined) &&
    canRun(tf.backend(), recurrentModules)
  );
}

const over =
  <I extends string, A extends object>(kernelName: string): Over<I, A> =>
  (inputs, attrs) => {
    if (!isAble(kernelName, Object.values(inputs))) return undefined;
    registerKernels(recurrentKernels, () => recurrentKernels);
    // The kernels have several outputs each.
    return tf.engine().runKernel<Tensor[]>(kernelName, { ...inputs }, attrs as NamedAttrMap);
  };

/**
 * An LSTM over all steps: h, c and the activations of each.
 * @param inputs - x: what the input adds to the gates i, f, g, o, `[batch, steps, 4 * hidden]` or
 * with `timeMajor` `[steps, batch, …]`; kernel: `[hidden, 4 * hidden]`; c, h: the first carry,
 * `[batch, hidden]`.
 */
export const lstmOver: Over<"x" | "kernel" | "c" | "h", SequenceAttrs> = /* @__PURE__ */ over(names.lstm);

/** A GRU over all steps, as {@link lstmOver} with the gates r, z, n: h and the activations. */
export const gruOver: Over<"x" | "kernel" | "h", SequenceAttrs> = /* @__PURE__ */ over(names.gru);

/** A cell without gates over all steps, as {@link lstmOver}: h alone. */
export const simpleOver: Over<"x" | "kernel" | "h", SimpleAttrs> = /* @__PURE__ */ over(names.simple);
