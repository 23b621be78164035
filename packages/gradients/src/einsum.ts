/** @file Einstein summation. */
import type { EinsumAttrs } from "@tensorflow/tfjs-core";
import { contract, letterSizes, parseEquation } from "@nnxjs/kernels/internal";
import { type GradientRule, listRule } from "./rule.ts";

/**
 * The gradient of einsum("a,b->y") for a is einsum("y,b->a"), broadcast along letters that only a
 * had.
 */
const einsum: GradientRule = listRule<EinsumAttrs>(
  "Einsum",
  (dy, { shapes, saved, attrs }) => {
    const { inputs, output } = parseEquation(attrs.equation);
    const sizes = letterSizes(inputs, shapes);
    return (index) => {
      const others = saved.flatMap((x, i) => (i === index ? [] : [{ labels: inputs[i]!, x }]));
      return contract([{ labels: output, x: dy }, ...others], inputs[index]!, sizes);
    };
  },
  { save: true },
);

/** The rule for `einsum`, of any number of tensors. */
export const einsumRules: readonly GradientRule[] = [einsum];
