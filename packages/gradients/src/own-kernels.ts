/** @file Rules for the kernels of `@nnxjs/kernels` that tensorflow.js does not have. */
import { masked, MASKED, type MaskedAttrs, type MeanPool, ownKernelNames } from "@nnxjs/kernels/internal";
import { type GradientRule, rule, zeroRule } from "./rule.ts";
import { zero } from "./zero.ts";

/** Gradients of gradients differentiate these kernels, because the rules use them. */
export const ownRules: readonly GradientRule[] = [
  zeroRule(ownKernelNames.positive, "x"),
  zeroRule(ownKernelNames.notNegative, "x"),
  zeroRule(ownKernelNames.above, "a", "b"),
  zeroRule(ownKernelNames.selection, "x"),
  // The transpose of a transpose is the pool itself.
  rule<MeanPool>(ownKernelNames.shares)({
    inputs: ["dy"],
    backward: (g, { attrs }) => ({ dy: () => attrs.forward(g) }),
  }),
  // A mask is its own transpose.
  rule<MaskedAttrs>(MASKED)({
    inputs: ["x", "mask"],
    save: ["mask"],
    backward: (dy, { shapes, saved: { mask }, attrs }) => ({
      x: () => masked(dy, mask, attrs.scale),
      mask: () => zero(shapes.mask),
    }),
  }),
];
