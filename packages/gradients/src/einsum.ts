/** @file Einstein summation. */
import type { EinsumAttrs, GradConfig, NamedAttrMap, Tensor } from "@tensorflow/tfjs-core";
import { canShare, contract, letterSizes, parseEquation } from "@nnxjs/kernels/internal";
import { type GradientRule, throughZero } from "./rule.ts";
import { InputsToSave, onTape, Saved } from "./tape.ts";
import { isZero } from "./zero.ts";

/**
 * The gradient of einsum("a,b->y") for a is einsum("y,b->a"), broadcast along letters that only a
 * had.
 */
function einsum(): GradientRule {
  // Of the call that is being recorded, as in `rule`.
  let kept = new Saved();
  return {
    kernelName: "Einsum",
    inputsToSave: new InputsToSave((input) => {
      kept = new Saved();
      kept.isShared = canShare();
      for (let i = 0; input(String(i)) !== undefined; i++) kept.push(input(String(i))!);
      return kept;
    }),
    get gradFunc() {
      const inputsOfCall = kept;
      kept = new Saved();
      return (dy: Tensor | Tensor[], copies: Tensor[], attrs: NamedAttrMap) => {
        const gradient = dy as Tensor;
        const saved = copies.map((copy, i) =>
          inputsOfCall.isShared ? onTape(copy, inputsOfCall[i]!) : copy,
        );
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
      };
    },
  } satisfies GradConfig;
}

/** The rule for `einsum`, of any number of tensors. */
export const einsumRules: readonly GradientRule[] = [einsum()];
