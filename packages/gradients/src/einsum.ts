/** @file Einstein summation. */
import type { EinsumAttrs, GradConfig, Tensor } from "@tensorflow/tfjs-core";
import { contract, letterSizes, parseEquation } from "@nnxjs/kernels/internal";
import { type GradientRule, throughZero } from "./rule.ts";
import { InputsToSave } from "./tape.ts";
import { isZero } from "./zero.ts";

/**
 * The gradient of einsum("a,b->y") for a is einsum("y,b->a"), broadcast along letters that only a
 * had.
 */
const einsum: GradientRule = {
  kernelName: "Einsum",
  inputsToSave: new InputsToSave((input) => {
    const tensors: Tensor[] = [];
    for (let i = 0; input(String(i)) !== undefined; i++) tensors.push(input(String(i))!);
    return tensors;
  }),
  gradFunc: (dy, saved, attrs) => {
    const gradient = dy as Tensor;
    // The registry has one type for the attributes of all kernels.
    const { inputs, output } = parseEquation((attrs as unknown as EinsumAttrs).equation);
    const sizes = letterSizes(
      inputs,
      saved.map((x) => x.shape),
    );
    const thunks = inputs.map((labels, i) => {
      const others = saved.flatMap((x, j) => (j === i ? [] : [{ labels: inputs[j]!, x }]));
      return [
        String(i),
        () => contract([{ labels: output, x: gradient }, ...others], labels, sizes),
      ] as const;
    });
    return isZero(gradient) ? throughZero(Object.fromEntries(thunks)) : Object.fromEntries(thunks);
  },
} satisfies GradConfig;

/** The rule for `einsum`, of any number of tensors. */
export const einsumRules: readonly GradientRule[] = [einsum];
