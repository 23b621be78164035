/** @file Contractions and their parts, on mended kernels. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { hasKnownKernels } from "../backends.ts";
import * as quickly from "../quick/arrange.ts";
import { contract as contractQuickly } from "../quick/contract.ts";
import { parseEquation, letterSizes } from "../quick/equation.ts";
import { hasProducts } from "../wasm/product.ts";
import { op } from "./op.ts";

/** Permutes the axes of x. Returns x itself when the order is unchanged. */
export const arrange: typeof quickly.arrange = op(quickly.arrange);

/** Reshapes x. Returns x itself when it has the shape already. */
export const shaped: typeof quickly.shaped = op(quickly.shaped);

/** Einstein summation of tensors with labelled axes. */
export const contract: typeof contractQuickly = op(contractQuickly);

/**
 * Einstein summation of two tensors. Where our products take operands as they lie in memory, this is
 * one kernel, forward and in gradients, and nothing is arranged.
 * @param equation - One letter for each axis, each once per tensor, such as `"bqhd,bkhd->bhqk"`.
 */
export const contractPair: (equation: string, a: Tensor, b: Tensor) => Tensor = op(
  (equation: string, a: Tensor, b: Tensor): Tensor => {
    if (hasKnownKernels() && hasProducts(tf.backend())) return tf.einsum(equation, a, b);
    const { inputs, output } = parseEquation(equation);
    const operands = [a, b].map((x, i) => ({ x, labels: inputs[i]! }));
    return contractQuickly(operands, output, letterSizes(inputs, [a.shape, b.shape]));
  },
);
