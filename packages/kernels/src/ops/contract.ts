/** @file Contractions and their parts, on mended kernels. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { hasKnownKernels } from "../backends.ts";
import * as quickly from "../quick/arrange.ts";
import { contract as contractQuickly, type Labelled, type LabelSizes } from "../quick/contract.ts";
import { parseEquation, letterSizes } from "../quick/equation.ts";
import { hasProducts } from "../wasm/product.ts";
import { op } from "./op.ts";

/** Permutes the axes of x. Returns x itself when the order is unchanged. */
export const arrange: typeof quickly.arrange = /* @__PURE__ */ op(quickly.arrange);

/** Reshapes x. Returns x itself when it has the shape already. */
export const shaped: typeof quickly.shaped = /* @__PURE__ */ op(quickly.shaped);

/**
 * The equation for these labels, when `tf.einsum` takes it: each axis has its letter, and nothing is
 * repeated.
 */
function equationOf(
  operands: readonly Labelled[],
  output: readonly string[],
  sizes: LabelSizes,
): string | undefined {
  const names = [...sizes.keys()];
  const isOnce = (labels: readonly string[]): boolean => new Set(labels).size === labels.length;
  const isWhole = operands.every(
    ({ x, labels }) => isOnce(labels) && labels.every((label, axis) => sizes.get(label) === x.shape[axis]),
  );
  const present = new Set(operands.flatMap(({ labels }) => labels));
  if (!isWhole || names.length > 26 || !isOnce(output) || !output.every((label) => present.has(label)))
    return undefined;
  const letters = (labels: readonly string[]): string =>
    labels.map((label) => String.fromCharCode(97 + names.indexOf(label))).join("");
  return `${operands.map(({ labels }) => letters(labels)).join(",")}->${letters(output)}`;
}

/** Whether einsums of two tensors are one kernel, which takes them as they lie. */
const hasPairs = (): boolean => hasKnownKernels() && hasProducts(tf.backend());

/**
 * Einstein summation of tensors with labelled axes. Of two tensors it is one kernel, forward and in
 * gradients, where our products take operands as they lie in memory.
 */
export const contract: typeof contractQuickly = /* @__PURE__ */ op<typeof contractQuickly>(
  (operands, output, sizes) => {
    const [a, b] = operands;
    if (operands.length === 2 && a && b && hasPairs()) {
      const equation = equationOf(operands, output, sizes);
      if (equation !== undefined) return tf.einsum(equation, a.x, b.x);
    }
    return contractQuickly(operands, output, sizes);
  },
);

/**
 * {@link contract} of two tensors.
 * @param equation - One letter for each axis, each once per tensor, such as `"bqhd,bkhd->bhqk"`.
 */
export const contractPair: (equation: string, a: Tensor, b: Tensor) => Tensor = /* @__PURE__ */ op(
  (equation, a, b) => {
    if (hasPairs()) return tf.einsum(equation, a, b);
    const { inputs, output } = parseEquation(equation);
    const operands = [a, b].map((x, i) => ({ x, labels: inputs[i]! }));
    return contractQuickly(operands, output, letterSizes(inputs, [a.shape, b.shape]));
  },
);
